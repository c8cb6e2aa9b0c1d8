"""What Mailscope says in Chinese: the owner's rules and indicators."""

UNITS: dict[str, tuple[str, str]] = {"pattern": ("{n} 个模式", "{n} 个模式")}

TEMPLATES: dict[str, str] = {
    "report.where": "位置",
    "report.kind-rule-match": "匹配了你的规则",
    "report.kind-indicator-match": "命中你的指标清单",
    "rules.matched": "规则“{title}”匹配了 {table} 中的 {rows}",
    "rules.row": "匹配“{title}”",
    "rules.not-proven": "规则一次只看一行；前因后果需要人来读",
    "rules.could-be": "规则作者指出的误报：{text}",
    "rules.found-in": "{value} 出现在 {table} 的 {column} 中",
    "rules.indicator-seen": "指标清单中的 {value} 出现在 {rows} 中，共 {places} 列",
    "rules.not-read": "指标清单中有 {patterns}无法查找，已略过：{texts}",
    "rules.indicator-not-proven": "出现过并不说明造成了危害；清单可能已过时",
}
