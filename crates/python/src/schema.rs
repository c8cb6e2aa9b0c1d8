//! Tables and columns, for documentation and checks.

use pyo3::prelude::*;

type Column = (&'static str, &'static str, bool, &'static str);

/// Every table: name, meaning, and its columns: name, type, nullable, meaning.
#[pyfunction]
pub(crate) fn schema() -> Vec<(&'static str, &'static str, Vec<Column>)> {
    mailscope_tables::schemas()
        .into_iter()
        .map(|table| {
            let columns = table.columns.iter();
            let columns = columns.map(|column| {
                (
                    column.name,
                    column.type_name,
                    column.nullable,
                    column.meaning,
                )
            });
            (table.name, table.meaning, columns.collect())
        })
        .collect()
}
