"""What Mailscope says in Chinese: what our own records show of an accused address."""

UNITS: dict[str, tuple[str, str]] = {
    "sender-name": ("{n} 个发件地址", "{n} 个发件地址"),
}

TEMPLATES: dict[str, str] = {
    "cases.seen-nothing": "传感器覆盖了该时间，但没有看到这个地址",
    "cases.not-covered": "传感器没有该时间的记录",
    "cases.seen-finding": "抓包：{title}（把握 {percent} %）",
    "cases.seen-commander": "抓包：该地址是受 {commanders} 指使",
    "cases.seen-traffic": "抓包：向 {servers} 的邮件端口发起 {connections}，其中看到 {mails}",
    "cases.seen-connections": "抓包：向 {servers} 发起 {connections}",
    "cases.seen-flows": "流记录：{first} 至 {last}，向 {servers} 的邮件端口发起 {connections}",
    "cases.seen-flows-any": "流记录：{first} 至 {last}，向 {servers} 发起 {connections}",
    "cases.seen-port": "流记录：在所述时间看到 {address} 端口 {port} 的连接",
    "cases.not-seen-port": "流记录：在所述时间没有看到 {address} 端口 {port} 的连接",
    "cases.seen-behind-nat": "流记录：{of} 条中有 {connections} 与 {address} 的相同，可见地址经过转换",
    "cases.seen-behind-proxy": "流记录：{of} 条中有 {connections} 进行时，{address} 正连着该地址，字节数相近，如同经由代理",
    "cases.seen-in-logs": "邮件日志：交来 {mails}，用 {senders}，发给 {recipients}",
    "cases.seen-refused": "邮件日志：其中 {mails} 被拒收",
    "cases.seen-filtered": "邮件日志：过滤器判定 {verdicts}",
}
