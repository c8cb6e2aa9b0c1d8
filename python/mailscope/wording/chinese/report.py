"""What Mailscope says in Chinese: the pages over all findings."""

UNITS: dict[str, tuple[str, str]] = {}

TEMPLATES: dict[str, str] = {
    "report.graph": "谁对谁做了什么",
    "report.all-events": "何时发生了什么",
    "report.events-table": "同样内容的表格",
    "report.persons": "收件人",
    "report.links": "这些邮件的链接与附件",
    "report.link-text": "显示的文字",
    "report.attachments": "附件",
    "report.type": "类型",
    "report.bytes": "字节",
    "report.lane-attack": "攻击",
    "report.lane-relay": "经由自有主机",
    "report.lane-mail": "邮件",
    "report.lane-person": "人员",
    "report.event-phase": "{name}：{what}",
    "report.event-fetched": "取走邮件（{how}，{client}）",
    "report.event-looked-up": "查询诱饵主机名（{client}）",
    "report.event-opened": "打开诱饵（{how}，{client}）",
    "report.event-submitted": "在诱饵页面输入密码（{client}）",
    "report.event-account-used": "账号被 {client} 使用（{how}）",
    "report.answer-weakness": "{what}（{cwe}）",
    "report.edge-broke-in": "入侵",
    "report.edge-mail": "邮件",
    "report.edge-password": "密码",
    "report.edge-commands": "指挥",
    "report.delivered-accepted": "已接收",
    "report.delivered-rejected": "被拒收",
    "report.delivered-unknown": "未知",
}
