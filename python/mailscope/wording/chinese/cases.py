"""What Mailscope says in Chinese: cases, notices, blocks."""

UNITS: dict[str, tuple[str, str]] = {}

TEMPLATES: dict[str, str] = {
    "cases.seen-nothing": "传感器覆盖了该时间，但没有看到这个地址",
    "cases.not-covered": "传感器没有该时间的记录",
    "cases.seen-finding": "{kind}：{summary}",
    "cases.seen-traffic": "向 {servers} 的邮件端口发起 {connections}，其中看到 {mails}",
}
