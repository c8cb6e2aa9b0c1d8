"""What the packet sensor says."""

UNITS: dict[str, tuple[str, str]] = {}
TEMPLATES = {
    "sense.capturing": "正在接口 {interface} 上抓包，写入 {store}",
    "sense.as-root": "注意：解码正以 root 身份运行；使用 `--user NAME` 可只让抓包程序保留权限",
    "sense.gap-open": "从现在起有内容未被看到：{kind}（{detail}）",
    "sense.gap-over": "有内容未被看到：{kind}，{since} 至 {until}（{detail}）",
    "sense.stored": "已解码 {packets} 个数据包，存入 {records} 条流记录，{flows} 条流进行中，落后 {lag} 秒",
    "sense.ended": "共解码 {packets} 个数据包，存入 {stored_records} 条流记录，丢失 {lost_rows} 行；收到 {received}，内核丢弃 {kernel_drops}，接口丢弃 {interface_drops}；{gaps} 段缺口",
}
