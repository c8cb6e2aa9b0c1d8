"""How far captures could be read, in Chinese."""

UNITS: dict[str, tuple[str, str]] = {}

TEMPLATES: dict[str, str] = {
    "input.end-complete": "完整",
    "input.end-empty": "空文件",
    "input.end-cut-off-header": "在文件头内被截断",
    "input.end-cut-off-record": "在一个数据包内被截断",
    "input.end-bad-record-length": "已损坏：数据包长度不可能成立",
    "input.end-record-too-long": "已损坏：数据包长度超出上限",
    "input.end-read-failed": "被截断或已损坏：无法继续读取",
    "input.end-at": "{end}（第 {packet} 号数据包、第 {offset} 字节之后）",
    "input.no-traffic": "无法判断：没有抓到任何会话",
    "input.not-seen": "无法判断：没有抓到本网的任何地址",
    "input.nothing": "这些抓包中没有任何会话：无法对本网作出判断。",
    "input.no-payload": "没有数据",
}
