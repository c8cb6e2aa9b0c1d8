"""Mail to an abuse address that accuses nobody: bounces, automatic replies, lists, advertising, replies to us.

Each has a name, so that nothing goes away without a reason. A mail that quotes an address of ours in words
of complaint is never one of these.
"""

import re

from mailscope.desk.complaints.mail import Mail

_BOUNCE_FROM = re.compile(
    r"mailer-daemon|postmaster|mail ?delivery|mail delivery (?:sub)?system|maildelivery|double-bounce|mdaemon|bounce",
    re.I,
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|returned mail|return(?:ed)? to sender|delivery (?:status|failure|failed|has failed|notification|error|report|incomplete|problem)|failure notice|failed delivery"
    r"|mail (?:delivery|error|system error|could not)|could ?n.t (?:be )?deliver|non[- ]?deliver|not delivered|message (?:status|undeliver)|error sending|unzustellbar|nicht zugestellt"
    r"|warning: (?:message|could not)|user unknown|delivery .{0,20}(?:delayed|temporar)|permanent (?:delivery )?failure|rejected|退信|無法投遞|无法投递|投递失败|未送達|配信不能|届きません|エラー通知|送信できません|配信エラー|mail failure",
    re.I,
)
_BOUNCE_TEXT = re.compile(
    r"could not be delivered|couldn.t be delivered|was not delivered|undeliverable|delivery (?:to the following|has failed|failed)|permanent (?:fatal )?error|\b5\d\d[ -]5\.\d\.\d|user unknown"
    r"|unknown user|mailbox (?:unavailable|full|is full|not found|quota)|over quota|no such user|does not exist|recipient.{0,30}(?:rejected|unknown)|host unknown|unrouteable|not listed in|message (?:was|is) (?:rejected|too large)|transcript of session|送信できませんでした|一杯のため",
    re.I,
)
_REPLY = re.compile(r"^\s*(?:re|aw|sv|antw|回复|回覆|答复)\s*[:：]", re.I)
_AUTOMATIC = re.compile(
    r"^\s*(?:auto(?:matic|mated)?[ -]?(?:reply|response|antwort)|out of (?:the )?office|abwesen|autoreply|automatische antwort|自动回复|自動回覆|休假|vacation|on leave)",
    re.I,
)
_SELLING = re.compile(
    r"\b(?:buy|sale|offers?|discount|% off|free trial|newsletter|unsubscribe|subscribe|limited time|special price|best price|order now|click here|webinar|our new|introducing|demo|promo\w*|deals?|cheap|invest\w*|casino|loans?|viagra|pills|seo|marketing|partnership|product catalog\w*|quotation)\b"
    r"|优惠|優惠|促销|促銷|特价|特價|订阅|訂閱|退订|發票|发票|代开|代開|产品|產品|报价|報價|招商|加盟|会员|會員|免费|免費",
    re.I,
)
_COMPLAINING = re.compile(
    r"\babus(?:ed|ing|ive|e (?:from|of|report|complaint|by))\b|complain|\bspam(?:s|med|ming|mer)?\b|\battack|\bscan(?:s|ned|ning)?\b|phish|infring|hacked|hacking|compromised|malware|illegal|stop it|your (?:customer|network|server|host|user)|junk|投诉|投訴|攻击|攻擊|扫描|掃描|垃圾|侵权|侵權|举报|舉報",
    re.I,
)
_SENDER = re.compile(
    r"^(?:newsletter|news|marketing|offers?|promo\w*|sales?|info-?mail|mailing|deals|shop|service-?mail)[@+.-]", re.I
)
_ADDRESS = re.compile(r"[\w.+=~-]{1,64}@[\w.-]{1,253}")


def reason(mail: Mail) -> str | None:
    """Why a mail is surely no complaint whatever stands in it: bounces and machines' own notes; else None."""
    kind = mail.headers.parameter("content-type", "report-type").lower()
    parts = {part.content_type for part in mail.parts}
    if kind == "delivery-status" or {"message/delivery-status", "message/global-delivery-status"} & parts:
        return "bounce"
    if kind == "disposition-notification" or "message/disposition-notification" in parts:
        return "receipt"
    subject = mail.headers.text("subject")
    automatic = mail.headers.first("auto-submitted").lower()
    if _is_bounce(mail, subject):
        return "bounce"
    if automatic.startswith("auto-replied") or mail.headers.first("x-autoreply") or _AUTOMATIC.match(subject):
        return "automatic-reply"
    if _is_reply_to_us(mail, subject):
        return "reply"
    return None


def _is_bounce(mail: Mail, subject: str) -> bool:
    sender = mail.headers.text("from")
    empty_path = mail.headers.first("return-path").strip() == "<>"
    is_daemon = bool(_BOUNCE_FROM.search(sender))
    says_so = bool(_BOUNCE_SUBJECT.search(subject))
    if mail.headers.first("x-failed-recipients"):
        return True
    if (is_daemon or empty_path) and says_so:
        return True
    text = mail.body[:20_000]
    if (is_daemon or says_so or empty_path) and _BOUNCE_TEXT.search(text):
        return not _COMPLAINING.search(subject)
    return False


def _is_reply_to_us(mail: Mail, subject: str) -> bool:
    """An answer to a mail of ours: its `In-Reply-To` names the domain that this mail was sent to."""
    answered = mail.headers.first("in-reply-to").rstrip("> ").rsplit("@", 1)[-1].lower()
    to = {address.rsplit("@", 1)[-1].lower() for address in _ADDRESS.findall(mail.headers.first("to"))}
    return bool(answered) and answered in to and bool(_REPLY.match(subject))


def advertising(mail: Mail) -> str | None:
    """The name of a mail that accuses no address and complains of nothing, but sells or is sent to a list."""
    text = f"{mail.headers.text('subject')}\n{mail.body[:20_000]}"
    if _COMPLAINING.search(text):
        return None
    is_list = any(mail.headers.first(name) for name in ("list-unsubscribe", "list-id", "x-campaign", "x-mailchimp-id"))
    sender = next(iter(_ADDRESS.findall(mail.headers.first("from"))), "")
    if is_list or mail.headers.first("precedence").lower() in ("bulk", "list"):
        return "newsletter"
    if _SENDER.match(sender) or _SELLING.search(text):
        return "advertising"
    return None
