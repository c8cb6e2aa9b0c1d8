"""What Mailscope says, in Chinese: complaints and contacts."""

UNITS: dict[str, tuple[str, str]] = {
    "complaint": ("{n} 件投诉", "{n} 件投诉"),
}

TEMPLATES: dict[str, str] = {
    "complaint.bounce": "这是退信：某服务器说明有邮件未能投递，并不指控任何人。",
    "complaint.receipt": "这是邮件已读回执，并不指控任何人。",
    "complaint.automatic-reply": "这是自动回复，并不指控任何人。",
    "complaint.reply": "这是对我方邮件的答复，不是新的投诉。",
    "complaint.newsletter": "这是群发的邮件列表，没有投诉内容。",
    "complaint.advertising": "这是发到投诉信箱的广告，没有投诉内容。",
    "complaint.not-spam-report": "用户撤回举报：该邮件不是垃圾邮件。",
    "complaint.aggregate-without-failures": "DMARC 统计报告，所有来源均通过验证。",
    "complaint.tls-report-with-failures": "关于我方邮件服务器的 TLS 统计报告，有失败的会话，并不指控任何人。",
    "complaint.tls-report-without-failures": "关于我方邮件服务器的 TLS 统计报告，没有失败。",
    "complaint.no-address": "找不到被指控的地址。",
    "complaint.names-no-address": "该报告针对域名或账户，没有给出地址。",
    "complaint.address-only-in-damaged-sample": "报告已损坏；地址只出现在所引邮件的 Received 行中。",
    "complaint.address-from-text-only": "报告本身没有地址；此地址取自其文字说明。",
    "complaint.only-pictures": "邮件中只有图片，几乎没有文字；图片内容在此无法读取。",
    "complaint.no-time-and-no-date": "正文和邮件的 Date 字段都没有说明发生时间。",
    "complaint.report-not-readable": "所附报告无法读取。",
    "complaint.report-invalid": "报告的字段“{detail}”不符合其自身格式。",
    "complaint.table-cut": "表格行数超过每封邮件的读取上限。",
    "complaint.empty": "邮件是空的。",
    "complaint.mail-cut": "邮件超过单封读取上限，其末尾没有查看。",
    "complaint.too-many-parts": "邮件的部分数超过查看上限。",
    "complaint.nested-too-deep": "邮件嵌套层数超过查看上限。",
    "complaint.archive-too-large": "压缩附件超过解压上限。",
    "complaint.archive-broken": "压缩附件已损坏。",
    "complaint.not-ours": "被指控的地址不在我方网络中。",
    "complaint.no-contact": "登记簿中没有负责人的邮件地址。",
    "complaint.contact-disputed": "各来源对负责人的说法互相矛盾。",
    "complaint.duplicate": "同一投诉先前已收到（{place}）。",
}
