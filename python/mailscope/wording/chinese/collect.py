"""What the collector of flow records says."""

UNITS: dict[str, tuple[str, str]] = {}
TEMPLATES = {
    "collect.listening": "正在监听 {where}",
    "collect.metrics": "指标地址 http://{where}/metrics",
    "collect.stored": "已存入 {records} 条记录，共 {batches} 批；按序号推算丢失：{lost}；本机丢弃：{drops}",
    "collect.refused": "存储拒绝了一批记录，已保留并将再次提交：{why}",
    "collect.exporter": "{exporter} 域 {observation_domain} {format}：{datagrams} 个数据报，{records} 条记录，丢失 {lost} {lost_unit}，重复 {duplicates}，迟到 {late}，采样 {sampling}",
}
