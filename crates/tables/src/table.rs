//! What a table is: the macro that makes its schema and its builder from one list of columns.

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, DataType, SchemaRef};
use mailscope_evidence::Span;

use crate::column::{Column, Time, U64};
use crate::flow_id::{FlowId, FlowIdText};
use crate::word::InputName;

/// One column as documented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnSchema {
    /// Its name.
    pub name: &'static str,
    /// Its type's documented name.
    pub type_name: &'static str,
    /// May it be null?
    pub nullable: bool,
    /// What it means, one line.
    pub meaning: &'static str,
    /// Its type in Arrow.
    pub arrow_type: DataType,
}

/// One table as documented.
#[derive(Clone, Debug)]
pub struct TableSchema {
    /// Its name.
    pub name: &'static str,
    /// What a row is, one line.
    pub meaning: &'static str,
    /// Its columns in order.
    pub columns: Vec<ColumnSchema>,
    /// The same for Arrow.
    pub arrow: SchemaRef,
}

/// A table under construction.
pub trait Table: Default {
    /// Name, meaning and columns.
    fn schema() -> &'static TableSchema;
    /// Rows appended since the last batch.
    fn rows(&self) -> usize;
    /// Bytes held for columns of variable length since the last batch.
    fn heap_bytes(&self) -> usize;
    /// The rows appended since the last batch.
    fn finish(&mut self) -> Result<RecordBatch, ArrowError>;
}

/// What every row cites: the flow and the packets.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The flow.
    pub flow_id: FlowId,
    /// First and last packet.
    pub span: Span,
    /// Names of the inputs, by number.
    pub inputs: &'a [String],
}

impl Evidence<'_> {
    fn input(&self, file: u32) -> (u32, &str) {
        let name = self.inputs.get(file as usize).map_or("", String::as_str);
        (file, name)
    }
}

/// The columns every table begins with.
#[derive(Default)]
pub(crate) struct EvidenceColumns {
    flow_id: FlowIdText,
    capture: InputName,
    first_packet: U64,
    last_capture: InputName,
    last_packet: U64,
    start: Time,
    end: Time,
}

impl EvidenceColumns {
    pub(crate) fn push(&mut self, evidence: &Evidence<'_>) {
        let Span { first, last } = evidence.span;
        self.flow_id.push(evidence.flow_id);
        self.capture.push(evidence.input(first.file));
        self.first_packet.push(first.packet);
        self.last_capture.push(evidence.input(last.file));
        self.last_packet.push(last.packet);
        self.start.push(first.ts_us);
        self.end.push(last.ts_us);
    }

    pub(crate) fn schema() -> Vec<ColumnSchema> {
        vec![
            column::<FlowIdText>(
                "flow_id",
                "Flow that carried this; the same for the same packets however captures are split.",
            ),
            column::<InputName>(
                "capture",
                "Input with the first packet, as named on the command line.",
            ),
            column::<U64>(
                "first_packet",
                "Number of the first packet in its input, from 1, as Wireshark shows it.",
            ),
            column::<InputName>("last_capture", "Input with the last packet."),
            column::<U64>("last_packet", "Number of the last packet in its input."),
            column::<Time>("start", "Time of the first packet."),
            column::<Time>("end", "Time of the last packet."),
        ]
    }

    pub(crate) fn finish(&mut self) -> Result<Vec<arrow_array::ArrayRef>, ArrowError> {
        Ok(vec![
            self.flow_id.finish()?,
            self.capture.finish()?,
            self.first_packet.finish()?,
            self.last_capture.finish()?,
            self.last_packet.finish()?,
            self.start.finish()?,
            self.end.finish()?,
        ])
    }
}

/// The documented form of one column.
pub(crate) fn column<C: Column>(name: &'static str, meaning: &'static str) -> ColumnSchema {
    ColumnSchema {
        name,
        type_name: C::TYPE,
        nullable: C::NULLABLE,
        meaning: meaning.trim_ascii(),
        arrow_type: C::arrow_type(),
    }
}

/// Defines a table: `Row` (what is appended), `Builder` (a [`Table`]). The doc comments are the
/// documented meanings, so neither schema, builder nor documentation can differ from another.
/// A table cites a flow and its packets, unless it names another evidence: `flow_records [Origin, OriginColumns]`.
macro_rules! table {
    (
        $(#[doc = $meaning:literal])+
        $name:ident {
            $( $(#[doc = $doc:literal])+ $column:ident: $kind:ty, )+
        }
    ) => {
        use $crate::table::{Evidence, EvidenceColumns};
        $crate::table::table! {
            $(#[doc = $meaning])+
            $name [Evidence, EvidenceColumns] {
                $( $(#[doc = $doc])+ $column: $kind, )+
            }
        }
    };
    (
        $(#[doc = $meaning:literal])+
        $name:ident [$evidence:ident, $evidence_columns:ident] {
            $( $(#[doc = $doc:literal])+ $column:ident: $kind:ty, )+
        }
    ) => {
        /// One row, as appended.
        pub struct Row<'a> {
            /// What the row stands on.
            pub evidence: $evidence<'a>,
            $( $(#[doc = $doc])+ pub $column: <$kind as $crate::column::Column>::Value<'a>, )+
        }

        $(#[doc = $meaning])+
        #[derive(Default)]
        pub struct Builder {
            rows: usize,
            evidence: $evidence_columns,
            $( $column: $kind, )+
        }

        impl Builder {
            /// Appends one row.
            pub fn push(&mut self, row: Row<'_>) {
                use $crate::column::Column as _;
                self.rows += 1;
                self.evidence.push(&row.evidence);
                $( self.$column.push(row.$column); )+
            }
        }

        impl $crate::table::Table for Builder {
            fn schema() -> &'static $crate::table::TableSchema {
                static SCHEMA: std::sync::LazyLock<$crate::table::TableSchema> = std::sync::LazyLock::new(|| {
                    let mut columns = $evidence_columns::schema();
                    $( columns.push($crate::table::column::<$kind>(stringify!($column), concat!($($doc),+))); )+
                    $crate::table::described(stringify!($name), concat!($($meaning),+), columns)
                });
                &SCHEMA
            }

            fn rows(&self) -> usize {
                self.rows
            }

            fn heap_bytes(&self) -> usize {
                use $crate::column::Column as _;
                0 $( + self.$column.heap_bytes() )+
            }

            fn finish(&mut self) -> Result<arrow_array::RecordBatch, arrow_schema::ArrowError> {
                use $crate::column::Column as _;
                self.rows = 0;
                let mut arrays = self.evidence.finish()?;
                $( arrays.push(self.$column.finish()?); )+
                arrow_array::RecordBatch::try_new(Self::schema().arrow.clone(), arrays)
            }
        }
    };
}
pub(crate) use table;

/// Puts a table's description together.
pub(crate) fn described(
    name: &'static str,
    meaning: &'static str,
    columns: Vec<ColumnSchema>,
) -> TableSchema {
    let fields: Vec<_> = columns
        .iter()
        .map(|column| {
            arrow_schema::Field::new(column.name, column.arrow_type.clone(), column.nullable)
        })
        .collect();
    TableSchema {
        name,
        meaning: meaning.trim_ascii(),
        columns,
        arrow: arrow_schema::Schema::new(fields).into(),
    }
}
