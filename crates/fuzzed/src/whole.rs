//! Capture bytes to tables: any bytes give tables or the one error that they are no capture, and every
//! packet that was read counts in a flow or under a reason.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{Array, RecordBatch};
use arrow_schema::ArrowError;
use mailscope_pipeline::{Error, Options, tables};
use mailscope_tables::{Batches, TableSchema};

/// Packets of all flows, and rows of all tables.
#[derive(Default)]
struct Sums {
    flow_packets: u64,
    rows: usize,
}

impl Batches for Sums {
    fn batch(&mut self, table: &'static TableSchema, batch: RecordBatch) -> Result<(), ArrowError> {
        self.rows += batch.num_rows();
        if table.name == "flows" {
            for name in ["orig_packets", "resp_packets"] {
                let column = batch.column_by_name(name).expect("flows count packets");
                let column = column.as_primitive::<UInt64Type>();
                assert_eq!(column.null_count(), 0);
                self.flow_packets += column.values().iter().sum::<u64>();
            }
        }
        Ok(())
    }
}

/// Any bytes as a capture file, plain or compressed.
pub fn whole(input: &[u8]) {
    // Tests run in threads of one process: each input has a file of its own.
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("mailscope-fuzzed-{}-{number}", std::process::id());
    let path = std::env::temp_dir().join(name);
    fs::write(&path, input).expect("the temporary folder is writable");
    let options = Options {
        memory_mb: 32,
        ..Options::default()
    };
    let name = path.to_string_lossy().into_owned();
    let read = tables(&[name], &options, Sums::default(), &mut |_| Ok(()));
    fs::remove_file(&path).expect("the temporary file is ours");
    match read {
        Ok((summary, sums)) => {
            let packets: u64 = summary.inputs.iter().map(|input| input.packets).sum();
            let undecoded: u64 = summary
                .inputs
                .iter()
                .flat_map(|input| input.undecoded.values())
                .sum();
            let copies: u64 = summary.inputs.iter().map(|input| input.duplicates).sum();
            assert_eq!(
                packets,
                sums.flow_packets + undecoded + copies,
                "every packet counts once"
            );
        }
        Err(Error::Input { .. }) => {}
        Err(other) => panic!("bytes of a capture must not lead to: {other}"),
    }
}
