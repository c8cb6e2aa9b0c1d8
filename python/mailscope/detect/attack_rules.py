"""What attacks in request values look like: one rule a line, by class of weakness.

The rules are RE2 (no back-references, linear time) and are matched on a value that was decoded, lower-cased and had
its SQL comments and white space folded (`folded`); those of `command-injection` also on the value without quotes,
backslashes and carets (`bare`), which shells ignore inside words. They describe grammar, not known payloads, so that
a payload never seen is found; each needs two marks at once, so that prose is not.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailscope.detect.finding import Technique

EXPLOIT = Technique("T1190", "Exploit Public-Facing Application")


@dataclass(frozen=True, slots=True)
class AttackClass:
    """A class of attack on a web application: `cwe` is the weakness it needs, `rules` are alternatives."""

    slug: str
    cwe: str
    rules: tuple[str, ...]

    @property
    def pattern(self) -> str:
        """All rules as one pattern."""
        return "|".join(f"(?:{rule})" for rule in self.rules)


_HOME = r"/(root|home/\w+)/\.\w|/\.(ssh|aws|docker|kube|gnupg|azure)/|^/?(sys/class|sys/kernel|proc/\w+)/?"

_FILES = (
    r"etc[/\\]+(passwd|shadow|group|hosts|issue|motd|fstab|crontab|mysql|apache2?|nginx|httpd|ssh|resolv\.conf|"
    r"php\.ini|environment|profile|sudoers|release|\w+-release)|proc[/\\]+(self|version|cpuinfo|mounts|net|\d+)|"
    r"(windows|winnt)[/\\]+(win\.ini|system|repair|temp)|boot\.ini|win\.ini|ntuser\.dat|web-inf|meta-inf|\.htpasswd|"
    r"\.htaccess|\.ssh[/\\]|id_rsa|\.bash_history|\.git[/\\]|\.env$|var[/\\]+(log|www|run|spool)[/\\]|"
    r"wp-config\.php|web\.config|inetpub"
)
_SHELL_WORDS = (
    r"cat|ls|id|whoami|uname|wget|curl|ping6?|nc|ncat|netcat|bash|sh|dash|zsh|ksh|cmd(\.exe)?|powershell(\.exe)?|pwsh|"
    r"nslookup|dig|ifconfig|ipconfig|netstat|ps|pwd|sleep|rm|chmod|chown|mkdir|python[23]?|perl|php|ruby|tftp|certutil|"
    r"bitsadmin|mshta|rundll32|regsvr32|cscript|wscript|wmic|systeminfo|tasklist|getent|printenv|telnet|nmap|base64|"
    r"awk|sed|grep|egrep|chroot|crontab|useradd|passwd|ssh|scp|tar|gcc|lynx|fetch|socat|busybox|mount|kill(all)?|"
    r"reboot|shutdown|net1?\s+(user|view|localgroup|share)|set\s+/a|timeout\s+\d|traceroute|tracert|xxd|dd\s+if"
)
_PROSE_WORDS = (
    r"echo|type|dir|find|head|tail|more|less|sort|date|env|export|which|who|w|time|touch|cp|mv|ln|del|copy|move|sudo|"
    r"test|print|printf|exec|eval|source|true|false|expr|host|write|read|exit|ver|vol|history|locale|arch|df|du|free|"
    r"top|last|jobs|set|finger|groups|users|hostname|file|help|open|start|stop"
)

SQL = AttackClass(
    "sql-injection",
    "CWE-89",
    (
        r"\bunion\b[\s(]*(all|distinct)?[\s(]*\bselect\b",
        r"\bselect\b.{1,300}\bfrom\b.{0,80}\b(information_schema|sqlite_master|pg_catalog|pg_\w+|sysobjects|syscolumns|"
        r"all_tables|user_tables|dual|mysql\.\w+|sysibm\.\w+|rdb\$\w+|msysaccessobjects|master\.\.\w+|v\$\w+|users?)\b",
        r"(['\")]\s*(\|\||&&)|['\")\d]\s*\b(or|and|xor|rlike|regexp|div|having|where|like)\b)\s*(not\s+|!\s*)*[\s'\"(]*"
        r"[\w.@$-]*[\s'\")]*(=|<|>|!=|\blike\b|\bin\s*\(|\bbetween\b|\bis\s+(not\s+)?null\b|\brlike\b|\bregexp\b|\bsounds\b)",
        r"['\"][\s)]*(\|\||\b(or|and)\b)[\s('\"]*(\w+['\"]?\s*(--|#|/\*|$)|true|false|\d|not\b|exists|char\(|chr\(|0x)",
        r"\b(or|and|having|where)\s+\(?\s*\d+\s*(=|<|>|like)\s*\d+",
        r"\b(or|and|having|where)\s+\(?\s*'[^']*'\s*(=|<|>|like)\s*'",
        r"\b(and|or|where|having|if|when|case when|select)\b[\s(]*\(?\s*select\b",
        r"\border\s+by\s+\d+\s*(--|#|/\*|,|$)",
        r"\bgroup\s+by\s+[\w.,]+\s+having\b",
        r"\b(benchmark|pg_sleep|sleep|randomblob|extractvalue|updatexml|xmltype|load_file|dbms_\w+\.\w+|utl_\w+\.\w+|"
        r"ctxsys\.\w+|json_extract|json_depth|json_keys|procedure\s+analyse|make_set|elt|char|chr|ascii|unichr|"
        r"substr(ing)?|mid|ord|hex|unhex|concat(_ws)?|group_concat|string_agg|json_group_array|generate_series|"
        r"fn_varbintohexstr|openrowset|opendatasource|convert)\s*\(.*(\bselect\b|\bfrom\b|\bunion\b|--|#|\band\b|\bor\b|'|0x|\|\|)",
        r"(\bselect\b|\bfrom\b|\bunion\b|--|#|\band\b|\bor\b|'\s*\+?|;|\|\||^|[(+*/-])\s*\(?(benchmark|pg_sleep|sleep|"
        r"extractvalue|updatexml|load_file|randomblob|dbms_\w+\.\w+|utl_\w+\.\w+)\s*\(",
        r"\bwaitfor\s+(delay|time)\b",
        r"\binto\s+(out|dump)file\b",
        r"\b(exec|execute|declare)\b[\s(]*(master|sp_|xp_|@|immediate\b|\w*\.\.?(sp_|xp_))",
        r"\b(xp_cmdshell|xp_regread|xp_dirtree|xp_servicecontrol|sp_executesql|sp_makewebtask|sp_oacreate|sp_password)\b",
        r";\s*(drop|alter|truncate|create)\s+(table|database|user|view|index|procedure|function|login|schema|column)\b",
        r";\s*(insert\s+into|delete\s+from|update\s+\w+\s+set|select\s+|declare\s+@|exec\b|execute\b|shutdown\b|grant\s|"
        r"begin\b|call\b|if\s*\(|merge\s)",
        r"\b(drop\s+(table|database)\s+\w+|insert\s+into\s+\w+\s*(\(|values|select)|delete\s+from\s+\w+(\s+where\b|\s*;|$|\s*--)|"
        r"update\s+\w+\s+set\s+\w+\s*=)",
        r"^\s*select\b.{1,300}\bfrom\b\s+[\w.`\"\[\]]+(\s+where\b|\s+limit\b|\s+order\s+by\b|\s*;|\s*$|\s*--)",
        r"^\s*[\w-]*['\"]+\s*[);\s]*(--|#|/\*|;\s*(--|#|$|%00))",
        r"^\s*(-?\d+|[\w@.-]+)['\"]?[\s)]*(--\s*[\w+-]{0,8}|/\*|;--)\s*$",
        r"@@(version|servername|hostname|datadir|basedir|global|session|language|microsoftversion)\b",
        r"\b(version|database|user|current_user|session_user|system_user|schema)\s*\(\s*\)\s*(--|#|,|\bfrom\b|=|>|<|$)",
        r"['\"]\s*(\+|\|\||&)\s*['\"(]?\s*(select|char|chr|sleep|sqlite_version|@@|\w+\s*\()",
        r"\b(is\s+(not\s+)?null|rlike\s+\(|limit\s+\d+\s*,\s*\d+|limit\s+\d+\s+offset\s+\d+)\s*(--|#|/\*)",
        r"\bcase\s+when\b.*\bthen\b.*\b(else|end)\b",
        r"'\s*;?\s*(--|#)\s*$",
        r"['\"`].{0,120}\b(or|and|union|select|collate|notnull|isnull|like|ilike|glob|having|limit|order|group|rlike|regexp)\b"
        r".{0,120}(--|#|/\*|;)\s*$",
        r"/(\*|%2a).{0,20}\bunion[\s+]+all\b|^/?\w*/?(sleep|benchmark|pg_sleep)\(\d+\)",
        r"['\"]\s*\)*\s*(=|<>|!=|\*|/|div|mod|%|\^|-|\+|like|in|between|regexp|rlike|sounds\s+like)\s*\(*\s*['\"]",
    ),
)
XSS = AttackClass(
    "cross-site-scripting",
    "CWE-79",
    (
        r"<\s*/?\s*script\b",
        r"<\s*script[^a-z]",
        r"<[^>]{0,300}[\s/'\"]on[a-z]{3,30}\s*=",
        r"[\s'\"/;]on(error|load|click|dblclick|focus\w*|blur|change|submit|reset|select|abort|unload|toggle|input|invalid|"
        r"wheel|scroll|copy|cut|paste|drag\w*|drop|key\w+|mouse\w+|pointer\w+|touch\w+|animation\w+|transition\w+|begin|"
        r"end|repeat|show|start|finish|bounce|hashchange|message|popstate|resize|storage|ready\w*|before\w+)\s*=\s*['\"]?\s*[\w(\[`{]",
        r"\b(java|vb|live)\s*script\s*:\s?[\w(%&'\"`/\[;\\]*[(=`%&;.]",
        r"<\s*(iframe|frame|frameset|object|embed|applet|base|meta|svg|math|isindex|layer|xml|bgsound|link|portal)\b[^>]*"
        r"(=|/|>)",
        r"<\s*(img|image|video|audio|input|body|form|table|td|div|style|a|details|marquee|button|select|textarea|keygen)\b"
        r"[^>]*(javascript|vbscript|data:|expression|alert|prompt|confirm|\beval|src\s*=\s*['\"]?x\b)",
        r"\b(document\s*\.\s*(cookie|write(ln)?|location|domain|body|createelement|forms)|window\s*\.\s*(location|open|name)|"
        r"string\s*\.\s*fromcharcode|xmlhttprequest|localstorage|\.innerhtml|\.constructor\s*\()",
        r"\b(alert|prompt|confirm)\s*(\(|`|&lpar;|\\u0028).{0,80}(\)|`|&rpar;|$)",
        r"\bdata:\s*(text/html|image/svg\+xml|application/x-javascript|text/javascript)",
        r"style\s*=\s*['\"]?[^'\">]*(expression\s*\(|behaviou?r\s*:|-moz-binding|url\s*\(\s*javascript)",
        r"<!\[cdata\[.*<",
        r"\bsrcdoc\s*=",
        r"\b(settimeout|setinterval|new\s+function)\s*\(|\b(self|window|top|parent|document|frames|this)\s*\[",
        r"[\[\]()!+]{16}|\+adw-|&(newline|tab|colon|lpar|rpar|lt|#60|#x3c);?.{0,30}(script|alert|&(tab|newline))|"
        r"[\x{ff1c}\x{2039}\x{2329}]\s*/?\s*(script|img|svg|iframe)",
        r"<\s*(\w+:)?(vmlframe|xss|x)\b[^>]*=|\bdatasrc\s*=|<\?import\b",
        r"&#x?0*(6a|106|74|116|60|3c);?",
    ),
)
TRAVERSAL = AttackClass(
    "path-traversal",
    "CWE-22",
    (
        r"(\.\.+|%2e%2e|%c0%ae%c0%ae|\.%00\.)([/\\]|%2f|%5c|%c0%af|%c1%9c|%255c|%252f|;/|::)+.{0,40}"
        r"(\.\.+|%2e%2e|%c0%ae)([/\\]|%2f|%5c|%c0%af|%c1%9c|;/)",
        r"(\.\.+|%2e%2e)([/\\]|%2f|%5c|;/)+.{0,60}(" + _FILES + ")",
        r"^\s*(file:/*)?[/\\]*(" + _FILES + ")",
        _HOME,
        r"(^|=|file:)[/\\]+(etc|proc|windows|winnt|boot|root|var[/\\]log|home[/\\]\w+[/\\]\.)[/\\]",
        r"^[a-z]:[/\\]+(windows|winnt|boot|inetpub|autoexec|xampp|wamp)",
        r"^\\\\(\?|\.|::1|127\.|localhost)",
        r"(0x2e|0x2f){3}|(\.\.|0x2e0x2e)(0x2f|0x5c|[/\\])+(\.\.|0x2e0x2e)",
        r"[/\\]\.\.;[/\\]",
        r"%c0%af|%c0%2f|%c1%9c|%u2215|%u2216|\xc0\xaf",
    ),
)
COMMAND = AttackClass(
    "command-injection",
    "CWE-78",
    (
        r"(;|\||&|`|\$\(|\n|\r|<\(|>\(|%0a|%0d)\s*\(?\s*([\w./\\:-]*[/\\])?("
        + _SHELL_WORDS
        + r")(\s|$|[;|&`)<>'\"{,]|\$\{?ifs)",
        r"(;|\|\|?|&&?|`|\$\(|\n|<\()\s*("
        + _PROSE_WORDS
        + r")(\s+[-/.$%>|&\\*'\"\d~][^ ]*|\s+[a-z]:|\s*$|\s*[;|&`)<>])",
        r"[/\\](usr[/\\])?(local[/\\])?s?bin[/\\][\w?*.-]+",
        r"\$\{?ifs\b",
        r"\(\)\s*\{\s*[:_\w]*\s*;?\s*\}?\s*(;|=>|>_)",
        r"\b(cmd|command)(\.exe|\.com)?\s*/[ckrv]\b",
        r"\bpowershell(\.exe)?\s+(-|\W*(iex|invoke|\$|\(|\[))",
        r"\b(wget|curl|fetch|lwp-download|tftp|ftp)\s+(-\S+\s+)*['\"]?(https?|ftp)://",
        r"\b(nc|ncat|netcat)\s+(-\w+\s+)+|\b(nc|ncat|netcat)(\.exe)?\s+[\d.]+\s+\d+",
        r">\s*(&\s*)?/dev/(tcp|udp|null)|/dev/tcp/",
        r"<!--\s*#\s*(exec|include|config|echo|set|printenv|flastmod)\b",
        r"^\s*(cat|ls|whoami|uname|wget|curl|ping|netstat|ifconfig|ipconfig|chmod|nslookup)\s+(-[\w]+|[/~.]\S*|/etc\S*)",
        r"--(exec|remote|upload-pack|open-files-in-pager|checkpoint-action)\s*=",
        r"\$\(\(\s*\d+\s*[*+-]\s*\d+\s*\)\)",
        r"\b(chmod\s+[0-7]{3,4}\s|chmod\s+\+x|rm\s+-rf?\s)",
        r"\b(invoke-(webrequest|expression|command|restmethod|item)|start-process|new-object\s+(net|system)\.|downloadstring|"
        r"downloadfile|start-bitstransfer)\b",
        r"^\s*(cat|more|less|tail|head|nl|tac|strings|xxd|vi|vim)\s+[/~][\w/.~-]+",
        r"\$\{?shell\}?\s+-c\b|[\w:.]\(\)\s*\{\s*[\w:.]+\s*\|\s*[\w:.]+\s*&",
        r"\bdd\s+if=|\b(nohup|strace|time|env|sudo|doas|busybox)\s+(who|id|ls|cat|sh|bash)\b",
    ),
)
INCLUSION = AttackClass(
    "file-inclusion",
    "CWE-98",
    (
        r"\b(php|zip|phar|expect|glob|ogg|zlib|rar|ssh2(\.\w+)?|compress\.\w+|zlib|bzip2|input)://",
        r"\bdata:[\w/+-]*;base64,\s*(pd9|pd8|pd4)",
        r"^\s*(url:|file:)?(https?|ftps?|\\\\|//|smb):?//[^\s?#]+[^\s]*(\.(txt|php\d?|phtml|inc|jpe?g|gif|png|dat|log|asp|jsp|cgi|pl|sh)\b)?\?+$",
        r"^\s*(https?|ftps?)://[^\s]+\.(txt|php\d?|phtml|inc|dat|sh|pl|cgi)(\?|%00|$)[^=]*$",
    ),
)
CODE = AttackClass(
    "code-injection",
    "CWE-94",
    (
        r"<\?(php\b|=|\s)",
        r"<%[@=!\s].*%>",
        r"\b(eval|assert|system|passthru|shell_exec|popen|proc_open|pcntl_exec|create_function|call_user_func(_array)?|"
        r"base64_decode|gzinflate|gzuncompress|str_rot13|phpinfo|phpversion|file_put_contents|file_get_contents|fopen|"
        r"readfile|show_source|highlight_file|move_uploaded_file|array_map|array_filter|usort|preg_replace|ini_set|putenv|"
        r"var_dump|print_r|die|getenv|move_uploaded_file|opendir|readdir|scandir|unlink|fsockopen|parse_ini_file)\s*"
        r"\(\s*(['\"$@\d/]|\w+\s*\(|\)\s*;|[-\w]*\)|\[)",
        r"\$_?(get|post|request|cookie|server|files|globals|session|env)\s*\[",
        r"\$\{?@?(print|eval|system|assert|phpinfo|var_dump|exec)\s*\(",
        r"\brequire\s*\(\s*['\"](child_process|fs|net|http|os|vm)['\"]",
        r"\bprocess\s*\.\s*(env|mainmodule|binding|exit|version|cwd)\b|\bglobal\s*\.\s*process\b|\bchild_process\b",
        r"\bjava\.lang\.(runtime|processbuilder|system|class|string)\b|getruntime\s*\(|\bprocessbuilder\b",
        r"\b(__import__|__class__|__mro__|__subclasses__|__globals__|__builtins__|__init__)\b",
        r"\bos\.(system|popen|exec\w*)\s*\(|\bsubprocess\.\w+\s*\(",
        r"\bex\W{0,3}ecute\s*\(|\bcreateobject\s*\(|\bserver\.(createobject|mappath|scripttimeout)|\bresponse\.write\s*\(",
        r"\bclass\.(module\.)?classloader\b",
        r"\b(constructor|__proto__|prototype)\b\s*(\[|\.|\"\s*:|%5b).{0,40}",
        r"\b(curl_\w+|posix_\w+|get_defined_\w+|pfsockopen|fsockopen|shell_exec|gzinflate|gzdecode|proc_open|bzdecompress)"
        r"\s*\(",
        r"\bprocess\s*\[|\bconsole\s*(\.|\[).{0,12}\(|\bmodule\.exports\s*=|\bthis\.constructor\b",
        r"\bjava\.(evil|lang|io|net|util|rmi)\.[a-z]+",
        r"(;|\|\|)\s*(print|echo|puts)\s*\(?\s*(\d+|md5|['\"]).{0,40}[);]",
    ),
)
TEMPLATE = AttackClass(
    "template-injection",
    "CWE-1336",
    (
        r"\{\{.{0,120}([*+|\[(]|\.\w+|\bconfig\b|\bself\b|\brequest\b|\brange\b).{0,160}\}\}",
        r"\{%.{0,200}%\}",
        r"\$\{.{0,100}(\d\s*[*+]\s*\d|\bt\(|\.getclass|runtime|::|\bnew\b|\.exec|class\.).{0,100}\}",
        r"#\{.{0,100}(\d\s*[*+]\s*\d|\bt\(|getclass|runtime|@\w+|system|session|request|facescontext).{0,100}\}",
        r"<#(assign|list|if|include|macro|import)\b|\?new\(\)|freemarker\.",
        r"\*\{.{0,60}(\d\s*[*+]\s*\d|t\().{0,60}\}|@\(\s*\d+\s*[*+]\s*\d+\s*\)|#set\s*\(\s*\$",
        r"<%=\s*(\d+\s*[*+]\s*\d+|system|`|file\.|io\.|dir\.|open)",
        r"\{php\}|\{\$smarty\b|\{system\(|\{if\s+\w+\(",
    ),
)
EXPRESSION = AttackClass(
    "expression-injection",
    "CWE-917",
    (
        r"\$\{+\s*(jndi|lower|upper|env|sys|java|date|ctx|::-|main|bundle|base64|script|dns|url)\b.{0,10}[:}]",
        r"\bjndi\s*:\s*(ldaps?|rmi|dns|iiop|corba|nds|http)",
        r"[%#$]\{.{0,200}(ognl|@java\.|#context|#_memberaccess|#application|#session|xwork|@\w+\.\w+@|multipart/form-data)",
        r"#_memberaccess|allowstaticmethodaccess|xwork\.methodaccessor",
        r"\bt\(java\.|new\s+java\.(lang|io|net|util)\.|javax\.script\.",
    ),
)
DESERIALISATION = AttackClass(
    "deserialisation",
    "CWE-502",
    (
        r"^\s*\"?(ro0ab|h4siaaaaaaa|aaeaaad/////|gasv|kgxw|y29weqo|tzox|to6)",
        r"\baced0005",
        r"(^|[^a-z0-9+/_-])(ro0ab|kztaau|cs7qaf)",  # base64 of AC ED 00 05 at any of three offsets
        r"(^|[;{\"'=\s])[oc]:\+?\d+:\"[\w\\]+\":\d+:\{",
        r"!!(python/|javax?\.|ruby/|org\.|com\.)",
        r"_\$\$nd_func\$\$_",
        r"\"@?type\"\s*:\s*\"(\[?l?(com|org|java|javax|net|ch)\.[\w.$]+)",
        r"\b(templatesimpl|jdbcrowsetimpl|annotationinvocationhandler|invokertransformer|commons[-.]collections|"
        r"objectdataprovider|ysoserial|badattributevalue|priorityqueue|windowsidentity|propertyutils)\b",
        r"<(java\s+version|object\s+class=|void\s+(method|property|class)=)",
        r"\bcposix\nsystem|\bc__builtin__\n",
    ),
)
XXE = AttackClass(
    "xml-external-entity",
    "CWE-611",
    (
        r"<!entity\b",
        r"<!doctype[^>]{0,200}(\[|\bsystem\s|\bpublic\s+['\"][^'\"]*['\"]\s+['\"](https?|ftp|file))",
        r"\bxi:include\b|xmlns:xi\s*=|<xsl:(value-of|stylesheet|include|import)",
    ),
)
SSRF = AttackClass(
    "server-side-request-forgery",
    "CWE-918",
    (
        r"^\s*\"?(url=|uri=)?(gopher|dict|ldap|ldaps|tftp|sftp|jar|netdoc|file|ssh)://",
        r"^\s*\"?(https?|ftp):(//|\\\\)+([^/@\s]*@)?(127\.\d|localhost|0\.0\.0\.0|0x7f|2130706433|017700000001|0177\.|\[::|"
        r"\[0:0|\[fe80|\[::ffff:|169\.254\.|100\.100\.100\.200|metadata\.|instance-data|\d{8,10}(:|/|$)|"
        r"[\w.-]*(127-0-0-1|localtest\.me|lvh\.me|nip\.io|xip\.io|sslip\.io))",
        r"\blatest/(meta-data|user-data|dynamic)|computemetadata/v1|metadata/(instance|identity)|opc/v\d/instance",
    ),
)
NOSQL = AttackClass(
    "nosql-injection",
    "CWE-943",
    (
        r"[{\[\"'$]\s*\$(where|ne|gte?|lte?|regex|nin|exists|expr|function|elemmatch)\b",
        r"\$where\b|\$or\s*:\s*\[|\bthis\.\w+\s*(==|\.match\()|\bdb\.\w+\.(insert|find|drop|remove|update)\b",
        r"\bdate\s*=\s*new\s+date\b.*\bwhile\s*\(",
        r"\(\s*[&|!]\s*\(\s*[!&|]?\(?\s*\w+\s*[~<>]?=|\*\s*\)\s*\(\s*[|&!]?\s*\(?\w+\s*=|\)\s*\(\s*\|\s*\(|\(objectclass=|"
        r"\b\w+:[\d.]{6,}:=|^\*\)\(|^\)\(",
    ),
)
HEADER = AttackClass(
    "header-injection",
    "CWE-113",
    (
        r"[\r\n]+\s*(set-cookie|location|content-(type|length|disposition)|x-[\w-]+|host|refresh|transfer-encoding|"
        r"http/\d)\s*[:/]",
        r"[\r\n]+\s*(mail from|rcpt to|bcc|cc|to|subject|data|quit|ehlo|helo)\b",
        r"[\r\n]+\s*\w+ (fetch|capability|login|select|logout)\b",
        r"%0[ad]\s*(set-cookie|location|content-type)\s*:",
        r"[\x{560a}\x{560d}\x{4e0a}\x{4e0d}].{0,4}set-cookie",
    ),
)

ATTACK_CLASSES: tuple[AttackClass, ...] = (
    DESERIALISATION, XXE, EXPRESSION, SQL, TRAVERSAL, INCLUSION, SSRF, TEMPLATE, XSS, COMMAND, CODE, NOSQL, HEADER,
)  # fmt: skip
"""All classes; a value that fits several is counted for the first, which is the more telling one."""

CWE = {kind.slug: kind.cwe for kind in ATTACK_CLASSES}
"""The weakness that each class of attack needs."""
