"""What is said of accounts and hosts that others send through, in Chinese."""

UNITS: dict[str, str] = {}
TEMPLATES = {
    "account.summary": "{commander} 使用邮件服务器 {server} 的账户 {user}，自 {since} 起向外部收件人发送了 {mails}，被接受 {accepted} 封。",
    "account.foreign": "发件人不属于本方域名（{domains}）",
    "account.guessed": "同一客户端此前登录失败：{logins}",
    "account.refused": "服务器拒绝了 {count}",
    "account.clients": "{count} 使用过该账户",
    "evidence.account": "以 {user} 登录交来的邮件：{sender} 发往 {recipients}",
    "could-be.list-software": "客户的邮件列表或商店软件为多个域名发信：请用 --own-domain 指定这些域名",
    "advice.account-lock": "锁定该账户，更换其密码，并清除邮件服务器队列中尚未发出的邮件。",
    "advice.account-limits": "只允许账户以自己的地址发信，限制每个账户每小时的邮件数，并对登录失败限速。",
    "report.kind-account-abuse": "账户被用来发送他人的邮件",
    "hypothesis.malware-carried": "{hosts} 发送了邮件，但外部 {clients} 在此期间一直与其保持加密连接，邮件可能由此而来",
    "not-proven.carrier": "{host} 是源头：在发送的全部时间内 {clients} 与其保持加密连接（{apps}），字节数多于邮件；其中内容不可见。",
    "could-be.carrier": "{clients} 上的人在该加密连接中（如 ssh -D）经由 {host} 发信：请查看该主机的登录记录",
    "evidence.carrier": "{client} 到 {server} 的加密连接（{app}），发送期间一直保持",
    "direct.summary-carried": "{host} 不是邮件服务器，自 {since} 起向 {victims} 发送了 {mails}，被接受 {accepted} 封。其间外部 {clients} 一直与其保持加密连接，邮件可能由此而来。",
}
