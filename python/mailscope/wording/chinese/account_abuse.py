"""What is said of accounts that send what is not their owners', in Chinese."""

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
}
