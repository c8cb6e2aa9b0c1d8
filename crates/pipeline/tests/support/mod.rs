//! Small captures built for a test, and tables read back.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType};
use mailscope_pipeline::{Options, Summary};
use mailscope_tables::{Batches, TableSchema};

/// A folder that goes with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("mailscope-test-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A packet with its time in microseconds.
pub type Stamped = (i64, Vec<u8>);

/// A pcap file (Ethernet, microseconds, little-endian).
pub fn pcap(packets: &[Stamped]) -> Vec<u8> {
    let mut file = vec![
        0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0,
    ];
    for (us, bytes) in packets {
        let length = bytes.len() as u32;
        for word in [
            (us / 1_000_000) as u32,
            (us % 1_000_000) as u32,
            length,
            length,
        ] {
            file.extend(word.to_le_bytes());
        }
        file.extend(bytes);
    }
    file
}

/// One TCP connection of which packets are made one by one.
pub struct Tcp {
    client: ([u8; 4], u16),
    server: ([u8; 4], u16),
    client_seq: u32,
    server_seq: u32,
}

const SYN: u8 = 2;
const ACK: u8 = 16;
const FIN: u8 = 1;

impl Tcp {
    pub fn new(client: ([u8; 4], u16), server: ([u8; 4], u16)) -> Self {
        // Each connection has its own first numbers, as real ones have.
        static CONNECTIONS: AtomicU32 = AtomicU32::new(1);
        let first = CONNECTIONS.fetch_add(1, Ordering::Relaxed) * 100_000;
        Self {
            client,
            server,
            client_seq: first,
            server_seq: first + 50_000,
        }
    }

    /// The three packets that open it.
    pub fn open(&mut self) -> Vec<Vec<u8>> {
        let packets = vec![self.client(SYN, b""), self.server(SYN | ACK, b"")];
        self.client_seq += 1;
        self.server_seq += 1;
        [packets, vec![self.client(ACK, b"")]].concat()
    }

    /// The client says this.
    pub fn says(&mut self, text: &[u8]) -> Vec<u8> {
        let packet = self.client(ACK | 8, text);
        self.client_seq += text.len() as u32;
        packet
    }

    /// The server says this.
    pub fn hears(&mut self, text: &[u8]) -> Vec<u8> {
        let packet = self.server(ACK | 8, text);
        self.server_seq += text.len() as u32;
        packet
    }

    /// The three packets that end it.
    pub fn close(&mut self) -> Vec<Vec<u8>> {
        let first = self.client(FIN | ACK, b"");
        self.client_seq += 1;
        let second = self.server(FIN | ACK, b"");
        self.server_seq += 1;
        vec![first, second, self.client(ACK, b"")]
    }

    fn client(&self, flags: u8, text: &[u8]) -> Vec<u8> {
        segment(
            self.client,
            self.server,
            (self.client_seq, self.server_seq),
            flags,
            text,
        )
    }

    fn server(&self, flags: u8, text: &[u8]) -> Vec<u8> {
        segment(
            self.server,
            self.client,
            (self.server_seq, self.client_seq),
            flags,
            text,
        )
    }
}

fn segment(
    from: ([u8; 4], u16),
    to: ([u8; 4], u16),
    (seq, ack): (u32, u32),
    flags: u8,
    text: &[u8],
) -> Vec<u8> {
    let ack = if flags & ACK > 0 { ack } else { 0 };
    let mut tcp = [from.1.to_be_bytes(), to.1.to_be_bytes()].concat();
    tcp.extend(seq.to_be_bytes());
    tcp.extend(ack.to_be_bytes());
    tcp.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    tcp.extend(text);
    ethernet(6, from.0, to.0, &tcp)
}

/// One UDP datagram.
pub fn udp(from: ([u8; 4], u16), to: ([u8; 4], u16), text: &[u8]) -> Vec<u8> {
    let mut udp = [from.1.to_be_bytes(), to.1.to_be_bytes()].concat();
    udp.extend((text.len() as u16 + 8).to_be_bytes());
    udp.extend([0, 0]);
    udp.extend(text);
    ethernet(17, from.0, to.0, &udp)
}

fn ethernet(proto: u8, from: [u8; 4], to: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend([0x45, 0]);
    frame.extend((payload.len() as u16 + 20).to_be_bytes());
    frame.extend([0, 1, 0x40, 0, 64, proto, 0, 0]);
    frame.extend(from);
    frame.extend(to);
    frame.extend(payload);
    frame
}

/// Packets one millisecond apart from a start in microseconds.
pub fn stamped(start_us: i64, packets: impl IntoIterator<Item = Vec<u8>>) -> Vec<Stamped> {
    packets
        .into_iter()
        .enumerate()
        .map(|(index, packet)| (start_us + index as i64 * 1000, packet))
        .collect()
}

/// A session in which one mail is sent.
pub fn mail_session(
    client: ([u8; 4], u16),
    server: ([u8; 4], u16),
    recipient: &str,
) -> Vec<Vec<u8>> {
    let mut tcp = Tcp::new(client, server);
    let mut packets = tcp.open();
    packets.push(tcp.hears(b"220 mx.example ESMTP\r\n"));
    for (says, hears) in [
        ("EHLO client.example\r\n".into(), "250 mx.example\r\n"),
        ("MAIL FROM:<a@client.example>\r\n".into(), "250 ok\r\n"),
        (format!("RCPT TO:<{recipient}>\r\n"), "250 ok\r\n"),
        ("DATA\r\n".into(), "354 go on\r\n"),
        (
            "Subject: hello\r\n\r\nhello there\r\n.\r\n".into(),
            "250 taken\r\n",
        ),
        ("QUIT\r\n".into(), "221 bye\r\n"),
    ] {
        packets.push(tcp.says(says.as_bytes()));
        packets.push(tcp.hears(hears.as_bytes()));
    }
    packets.extend(tcp.close());
    packets
}

/// Tables in memory; every batch is compared with its table's schema as it comes.
#[derive(Default)]
pub struct Kept(pub Vec<(&'static TableSchema, RecordBatch)>);

impl Batches for Kept {
    fn batch(&mut self, table: &'static TableSchema, batch: RecordBatch) -> Result<(), ArrowError> {
        assert_eq!(batch.schema(), table.arrow, "{}", table.name);
        for (column, array) in table.columns.iter().zip(batch.columns()) {
            assert!(
                column.nullable || array.null_count() == 0,
                "{}.{}",
                table.name,
                column.name
            );
        }
        self.0.push((table, batch));
        Ok(())
    }
}

impl Kept {
    /// A column as text, all batches.
    pub fn column(&self, table: &str, column: &str) -> Vec<String> {
        let batches = self.0.iter().filter(|(known, _)| known.name == table);
        batches
            .flat_map(|(_, batch)| as_text(batch.column_by_name(column).unwrap()))
            .collect()
    }

    /// Every row of a table, its columns joined.
    pub fn rows(&self, table: &str) -> Vec<String> {
        let schema = self
            .0
            .iter()
            .find(|(known, _)| known.name == table)
            .unwrap()
            .0;
        let columns: Vec<_> = schema
            .columns
            .iter()
            .map(|column| self.column(table, column.name))
            .collect();
        (0..columns[0].len())
            .map(|row| columns.iter().map(|c| format!("{}|", c[row])).collect())
            .collect()
    }
}

fn as_text(array: &ArrayRef) -> Vec<String> {
    let text = |index: usize| -> String {
        if array.is_null(index) {
            return "null".into();
        }
        match array.data_type() {
            DataType::Utf8 => array.as_string::<i32>().value(index).into(),
            DataType::Dictionary(..) => {
                let dictionary = array.as_dictionary::<Int32Type>();
                let key = dictionary.keys().value(index) as usize;
                dictionary.values().as_string::<i32>().value(key).into()
            }
            DataType::UInt64 => array.as_primitive::<UInt64Type>().value(index).to_string(),
            _ => format!("{:?}", array.slice(index, 1)),
        }
    };
    (0..array.len()).map(text).collect()
}

/// A pass over captures, tables kept.
pub fn read(paths: &[String]) -> (Summary, Kept) {
    read_with(paths, &Options::default())
}

/// The same with options.
pub fn read_with(paths: &[String], options: &Options) -> (Summary, Kept) {
    mailscope_pipeline::tables(paths, options, Kept::default(), &mut |_| Ok(())).unwrap()
}
