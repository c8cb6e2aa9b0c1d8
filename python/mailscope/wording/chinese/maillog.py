"""What is said of mail logs."""

UNITS: dict[str, tuple[str, str]] = {}
TEMPLATES = {
    "maillog.title": "邮件日志的记录",
    "maillog.none": "在其流记录的时间内，日志中没有该主机的邮件。",
    "maillog.handed-in": "它交给这些服务器的邮件：{counts}。",
    "maillog.was-handed": "这些服务器交给它的邮件：{counts}。",
    "maillog.verdicts": "过滤器的判定：{counts}。",
    "maillog.outside": "另有 {count} 封该主机的邮件不在流记录的时间范围内。",
    "maillog.of-sender": "邮件日志：{mails} 封邮件有队列号；日志行：收到 {received}，拒收 {rejected}，被过滤器标记 {flagged}。",
}
