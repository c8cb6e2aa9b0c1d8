"""Names that phishing borrows, each with the domains that are really theirs.

The list is short on purpose: names that are often imitated worldwide (APWG and Netcraft reports name most of them).
What is not in it is still judged by all other signals. `registrable` domains are compared, so a name's subdomains
need no entry; `name.*` stands for the name under any public suffix.
"""

from __future__ import annotations

BRANDS: dict[str, tuple[str, ...]] = {
    "adobe": ("adobe.com",),
    "airbnb": ("airbnb.*",),
    "alibaba": ("alibaba.com", "alibaba-inc.com"),
    "aliexpress": ("aliexpress.com",),
    "alipay": ("alipay.com",),
    "amazon": ("amazon.*", "amazonses.com", "amazonaws.com", "primevideo.com"),
    "american express": ("americanexpress.com", "aexp.com"),
    "apple": ("apple.com", "icloud.com"),
    "icloud": ("icloud.com", "apple.com"),
    "at&t": ("att.com", "att.net"),
    "bank of america": ("bankofamerica.com", "bofa.com"),
    "banco do brasil": ("bb.com.br",),
    "barclays": ("barclays.*",),
    "bbva": ("bbva.*",),
    "binance": ("binance.com",),
    "bitpanda": ("bitpanda.com",),
    "blockchain": ("blockchain.com",),
    "booking.com": ("booking.com",),
    "bradesco": ("bradesco.com.br", "bradesco.com"),
    "caixa": ("caixa.gov.br", "caixabank.es", "caixabank.com"),
    "chase": ("chase.com", "jpmchase.com"),
    "citibank": ("citi.com", "citibank.com"),
    "coinbase": ("coinbase.com",),
    "commerzbank": ("commerzbank.de", "commerzbank.com"),
    "correios": ("correios.com.br",),
    "costco": ("costco.*",),
    "cpanel": ("cpanel.net",),
    "credit agricole": ("credit-agricole.fr",),
    "deutsche bank": ("deutsche-bank.de", "db.com"),
    "dhl": ("dhl.*",),
    "disney": ("disney.*", "disneyplus.com"),
    "docusign": ("docusign.com", "docusign.net"),
    "dpd": ("dpd.*", "dpdgroup.com"),
    "dropbox": ("dropbox.com", "dropboxmail.com"),
    "ebay": ("ebay.*",),
    "facebook": ("facebook.com", "facebookmail.com", "meta.com"),
    "fedex": ("fedex.com",),
    "geek squad": ("geeksquad.com", "bestbuy.com"),
    "github": ("github.com",),
    "gmail": ("google.com", "gmail.com"),
    "google": ("google.*", "youtube.com"),
    "hsbc": ("hsbc.*",),
    "icbc": ("icbc.com.cn",),
    "instagram": ("instagram.com", "facebookmail.com", "mail.instagram.com"),
    "itau": ("itau.com.br", "itau-unibanco.com.br"),
    "kraken": ("kraken.com",),
    "ledger": ("ledger.com", "ledger.fr"),
    "linkedin": ("linkedin.com",),
    "lloyds": ("lloydsbank.com", "lloydsbank.co.uk", "lloydsbanking.com"),
    "magalu": ("magazineluiza.com.br", "magalu.com"),
    "mastercard": ("mastercard.*",),
    "mcafee": ("mcafee.com",),
    "mercado livre": ("mercadolivre.com.br", "mercadolivre.com"),
    "mercado pago": ("mercadopago.com", "mercadopago.com.br"),
    "metamask": ("metamask.io",),
    "microsoft": (
        "microsoft.com",
        "office.com",
        "office365.com",
        "outlook.com",
        "live.com",
        "microsoftonline.com",
        "onmicrosoft.com",
        "sharepoint.com",
        "windows.com",
        "xbox.com",
        "msn.com",
        "hotmail.com",
    ),
    "office 365": ("microsoft.com", "office.com", "office365.com", "microsoftonline.com"),
    "onedrive": ("microsoft.com", "onedrive.com", "live.com"),
    "sharepoint": ("microsoft.com", "sharepoint.com", "sharepointonline.com"),
    "n26": ("n26.com",),
    "netflix": ("netflix.com",),
    "norton": ("norton.com", "nortonlifelock.com"),
    "nubank": ("nubank.com.br",),
    "opensea": ("opensea.io",),
    "paypal": ("paypal.*", "paypal.me", "paypal-communication.com"),
    "postbank": ("postbank.de",),
    "revolut": ("revolut.com",),
    "roblox": ("roblox.com",),
    "royal mail": ("royalmail.com",),
    "santander": ("santander.*", "gruposantander.com", "santanderbank.com"),
    "serasa": ("serasa.com.br", "serasaexperian.com.br"),
    "sparkasse": ("sparkasse.de",),
    "spotify": ("spotify.com",),
    "steam": ("steampowered.com", "steamcommunity.com"),
    "swisscom": ("swisscom.ch", "swisscom.com", "bluewin.ch"),
    "taobao": ("taobao.com",),
    "telegram": ("telegram.org",),
    "tiktok": ("tiktok.com",),
    "trust wallet": ("trustwallet.com",),
    "trustwallet": ("trustwallet.com",),
    "twitter": ("twitter.com", "x.com"),
    "usps": ("usps.com", "usps.gov"),
    "verizon": ("verizon.com", "verizon.net", "verizonwireless.com"),
    "visa": ("visa.*",),
    "vodafone": ("vodafone.*",),
    "volksbank": ("volksbank.de", "vr.de"),
    "walmart": ("walmart.com",),
    "wells fargo": ("wellsfargo.com",),
    "western union": ("westernunion.com",),
    "wetransfer": ("wetransfer.com",),
    "whatsapp": ("whatsapp.com", "facebookmail.com"),
    "yahoo": ("yahoo.*", "yahoo-inc.com", "yahoogroups.com"),
    "zelle": ("zellepay.com",),
    "zimbra": ("zimbra.com",),
    "zoom": ("zoom.us", "zoom.com"),
    "中国银行": ("boc.cn", "bankofchina.com"),
    "工商银行": ("icbc.com.cn",),
    "建设银行": ("ccb.com",),
    "招商银行": ("cmbchina.com",),
    "支付宝": ("alipay.com",),
    "微信": ("qq.com", "tencent.com", "wechat.com"),
    "淘宝": ("taobao.com",),
    "腾讯": ("qq.com", "tencent.com"),
}
"""Name in lower case to the domains that may speak for it."""

ORDINARY_WORDS = frozenset(
    {"apple", "amazon", "blockchain", "caixa", "chase", "costco", "ledger", "steam", "visa", "zoom", "norton", "gmail"}
)
"""Names that are words, surnames or places as well: in a host name they count only as a whole label."""

_FREEMAIL = """
    126.com 139.com 163.com aol.com foxmail.com free.fr gmail.com gmx.com gmx.de gmx.net googlemail.com
    hotmail.co.uk hotmail.com hotmail.fr icloud.com inbox.ru laposte.net libero.it live.com mail.com mail.ru
    me.com msn.com naver.com orange.fr outlook.com outlook.fr proton.me protonmail.com qq.com rambler.ru
    rediffmail.com seznam.cz sina.com sohu.com t-online.de terra.com.br uol.com.br wanadoo.fr web.de yahoo.ca
    yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.br yahoo.de yahoo.fr yandex.com yandex.ru zoho.com
"""
FREEMAIL = frozenset(_FREEMAIL.split())
"""Mail providers at which anybody opens an address in a minute."""
