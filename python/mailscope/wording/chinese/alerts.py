"""What alerts say."""

UNITS: dict[str, tuple[str, str]] = {}
TEMPLATES = {
    "alert.sender": "{subject} 发送邮件的方式与普通主机不同：{why}",
    "alert.other": "{subject} {why}",
    "alert.sensor": "传感器 {name} 有内容缺失：{kind}",
    "alert.recovered": "{subject}：已结束，不再出现",
    "alert.quiet-summary": "静默时段内有 {count} 条告警",
    "alert.suppressed": "{count} 条告警未发送：超过每小时上限",
    "alert.test": "这是测试：mailscope 的告警会送到这里",
    "alerts.went": "{channel}：告警已发出",
    "alerts.failed": "{channel}：告警未能发出：{why}",
    "alerts.counts": "{waiting} 条告警在等待通道，{held} 条在等待静默时段结束",
}
