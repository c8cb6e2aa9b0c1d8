"""Hosts at which a lure costs nothing: shorteners, free hosting, pages anybody makes, suffixes mostly abused.

Each list is short and written down so that it can be argued with; a host that is in none is judged by its other marks.
"""

_SHORTENERS = """
    bit.ly bitly.com buff.ly cutt.ly did.li dwz.cn goo.gl is.gd kutt.it l.ead.me linktr.ee ln.run lnkd.in me2.do
    n9.cl ow.ly qrco.de rb.gy rebrand.ly s.id short.gy shorturl.asia shorturl.at shre.ink suo.im surl.li t.cn
    t.co t.ly t.me t2m.io tiny.cc tinyurl.com tny.im tr.ee u.to url.cn urlz.fr v.gd x.gd
"""
SHORTENERS = frozenset(_SHORTENERS.split())
"""Services that hide the target of a link."""

_FREE_HOSTS = """
    .000webhostapp.com .aliyuncs.com .altervista.it .altervista.org .amazonaws.com .atwebpages.com
    .azureedge.net .azurewebsites.net .backblazeb2.com .beehiiv.com .blob.core.windows.net .blogspot.com
    .carrd.co .cloudfront.net .cloudwaysapps.com .contaboserver.net .cprapid.com .ct.ws .ddns.net
    .digitaloceanspaces.com .duckdns.org .dweb.link .firebaseapp.com .fleek.co .framer.app .free.nf .gitbook.io
    .github.io .glitch.me .godaddysites.com .herokuapp.com .hopto.org .ipfs.io .jimdosite.com .linodeobjects.com
    .mybluehost.me .myftp.org .myqcloud.com .myshopify.com .mystrikingly.com .netlify.app .ngrok-free.app
    .ngrok.io .ondigitalocean.app .onrender.com .oraclecloud.com .pages.dev .plesk.page .r2.dev .repl.co
    .replit.app .rf.gd .s3.amazonaws.com .secureserver.net .site123.me .square.site .start.page .surge.sh
    .tempurl.host .translate.goog .trycloudflare.com .vercel.app .wasabisys.com .web.app .web.core.windows.net
    .webflow.io .webnode.page .weebly.com .weeblysite.com .wixsite.com .wixstudio.com .workers.dev .wuaze.com
"""
FREE_HOSTS = tuple(_FREE_HOSTS.split())
"""Hosting at which anybody puts up a page under a name of its own in minutes; endings of host names."""

_FREE_PAGES = """
    1drv.ms app.box.com canva.com/design docs.google.com/drawings docs.google.com/forms
    docs.google.com/presentation drive.google.com firebasestorage.googleapis.com forms.gle forms.office.com
    ipfs.io/ipfs jotform.com notion.so script.google.com sites.google.com storage.cloud.google.com
    storage.googleapis.com typeform.com wetransfer.com/downloads
"""
FREE_PAGES = tuple(_FREE_PAGES.split())
"""Pages that anybody makes at well-known hosts."""

_CHEAP = """
    autos beauty best boats bond buzz cam cf cfd click club cyou fun ga gq hair homes icu link live lol makeup
    ml mom monster online pw quest rest sbs shop site skin space su tk top website work ws xyz
"""
CHEAP = frozenset(_CHEAP.split())
"""Public suffixes at which most new names are abused (statistics of Spamhaus and Interisle name them)."""
