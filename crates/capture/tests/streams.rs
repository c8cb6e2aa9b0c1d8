//! TCP streams: the same bytes in order whatever the network and the capture did to them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use mailscope_capture::{Closed, Limits};
use mailscope_evidence::Side::{Orig, Resp};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use support::{ACK, Bench, Event, FIN, RST, SYN, segment};

/// A bench with a handshake done: client data begins at 1001, server data at 5001.
fn connected() -> Bench {
    let mut bench = Bench::new(Limits::default());
    bench.frame(&segment(Orig, 1000, 0, SYN, b""));
    bench.frame(&segment(Resp, 5000, 1001, SYN | ACK, b""));
    bench.frame(&segment(Orig, 1001, 5001, ACK, b""));
    bench
}

#[test]
fn data_in_order_is_handed_out_as_it_came() {
    let mut bench = connected();
    bench.frame(&segment(Resp, 5001, 1001, ACK, b"220 hi"));
    bench.frame(&segment(Orig, 1001, 5007, ACK, b"EHLO"));
    bench.frame(&segment(Orig, 1005, 5007, ACK | FIN, b""));
    bench.frame(&segment(Resp, 5007, 1006, ACK | FIN, b""));
    let seen = bench.done();
    assert_eq!(seen.dialogue(0), "<220 hi >EHLO >] <]");
    let flow = &seen.flows[0];
    assert_eq!(flow.closed, Closed::Fin);
    assert_eq!((flow.orig.packets, flow.resp.packets), (4, 3));
    assert_eq!((flow.orig.payload_bytes, flow.resp.payload_bytes), (4, 6));
    assert!(seen.refs[&0].from_start);
}

#[test]
fn data_may_begin_at_the_syn_s_own_number_when_both_sides_count_so() {
    let mut bench = Bench::new(Limits::default());
    bench.frame(&segment(Orig, 0, 0, SYN, b""));
    bench.frame(&segment(Resp, 0, 0, SYN | ACK, b""));
    bench.frame(&segment(Orig, 0, 0, ACK, b""));
    bench.frame(&segment(Orig, 0, 0, ACK, b"EHLO"));
    bench.frame(&segment(Resp, 0, 0, ACK, b"250 hi"));
    bench.frame(&segment(Orig, 4, 6, ACK, b"MAIL"));
    let seen = bench.done();
    assert_eq!(seen.dialogue(0), ">EHLO <250 hi >MAIL");
    let flow = &seen.flows[0];
    assert_eq!(
        (flow.orig.retransmitted_bytes, flow.resp.retransmitted_bytes),
        (0, 0)
    );
}

#[test]
fn bytes_at_the_syn_s_number_are_no_data_when_the_syn_was_counted() {
    // Keep-alives before the first data, with no byte, with one, and forged with more.
    for alive in [&b""[..], b"\0", b"xRS"] {
        let mut bench = connected();
        bench.frame(&segment(Orig, 1000, 5001, ACK, alive));
        bench.frame(&segment(Orig, 1001, 5001, ACK, b"RSET"));
        let seen = bench.done();
        assert_eq!(seen.text(0, Orig), "RSET");
        assert_eq!(seen.flows[0].orig.gap_bytes, 0);
    }
    // Fast open: the SYN's data is acknowledged, or sent again.
    for (acked, sent) in [(1004, &b"MAIL"[..]), (1001, b"abcMAIL")] {
        let mut bench = Bench::new(Limits::default());
        bench.frame(&segment(Orig, 1000, 0, SYN, b"abc"));
        bench.frame(&segment(Resp, 5000, acked, SYN | ACK, b""));
        bench.frame(&segment(Orig, acked, 5001, ACK, sent));
        assert_eq!(bench.done().text(0, Orig), "abcMAIL");
    }
}

#[test]
fn what_is_missing_at_the_end_is_told_by_how_the_flow_closes() {
    // The server has ten bytes more than the capture; the reset also counts six of its own that are missing.
    for (flags, own, dialogue) in [
        (FIN | ACK, 0, ">DATA <] >[10]"),
        (RST | ACK, 0, ">DATA >[10]"),
        (RST | ACK, 6, ">DATA >[10] <[6]"),
    ] {
        let mut bench = connected();
        bench.frame(&segment(Orig, 1001, 5001, ACK, b"DATA"));
        bench.frame(&segment(Resp, 5001 + own, 1015, flags, b""));
        let seen = bench.done();
        assert_eq!(seen.dialogue(0), dialogue);
        let flow = &seen.flows[0];
        assert_eq!(
            (flow.orig.gap_bytes, flow.resp.gap_bytes),
            (10, u64::from(own))
        );
    }
}

#[test]
fn a_fin_with_data_tells_what_is_missing_of_the_other_side_and_an_old_one_does_not() {
    for (number, dialogue) in [
        (5001, ">DATA <221 <] >[10]"),
        (4900, ">DATA"),
        (5001 + (2 << 20), ">DATA <[2097152] <221 <]"),
    ] {
        let mut bench = connected();
        bench.frame(&segment(Orig, 1001, 5001, ACK, b"DATA"));
        bench.frame(&segment(Resp, number, 1015, FIN | ACK, b"221"));
        assert_eq!(bench.done().dialogue(0), dialogue, "{number}");
    }
}

#[test]
fn injected_resets_that_guess_at_the_number_make_nothing_missing() {
    let mut bench = connected();
    bench.frame(&segment(Orig, 1001, 5001, ACK, b"DATA"));
    for ahead in [0, 1460, 4380] {
        bench.frame(&segment(Resp, 5001 + ahead, 1005, RST | ACK, b""));
        bench.frame(&segment(Orig, 1005 + ahead, 5001 + ahead, RST | ACK, b""));
    }
    let seen = bench.done();
    assert_eq!(seen.dialogue(0), ">DATA");
    assert_eq!(seen.flows[0].closed, Closed::ResetByResp);
}

#[test]
fn what_comes_late_is_not_missing_at_the_end() {
    for (reached, late) in [(1015, true), (1006, false), (900, false), (1 << 30, false)] {
        let mut bench = connected();
        bench.frame(&segment(Orig, 1001, 5001, ACK, b"DATA"));
        bench.frame(&segment(Resp, 5001, reached, ACK | FIN, b""));
        if late {
            bench.frame(&segment(Orig, 1005, 5001, ACK, b"0123456789"));
        }
        assert_eq!(bench.done().flows[0].orig.gap_bytes, 0, "{reached}");
    }
}

#[test]
fn an_acknowledgement_of_the_syn_s_number_alone_changes_nothing() {
    let mut bench = connected();
    bench.frame(&segment(Resp, 5001, 1000, ACK, b""));
    bench.frame(&segment(Orig, 1001, 5001, ACK, b"EHLO"));
    assert_eq!(bench.done().dialogue(0), ">EHLO");
}

#[test]
fn segments_out_of_order_come_out_in_order() {
    let mut bench = connected();
    bench.frame(&segment(Orig, 1007, 5001, ACK, b"ghi"));
    bench.frame(&segment(Orig, 1004, 5001, ACK, b"def"));
    bench.frame(&segment(Orig, 1001, 5001, ACK, b"abc"));
    assert_eq!(bench.done().text(0, Orig), "abcdefghi");
}

#[test]
fn the_first_copy_of_a_byte_wins_and_conflicts_are_counted() {
    let mut bench = connected();
    bench.frame(&segment(Orig, 1004, 5001, ACK, b"def"));
    bench.frame(&segment(Orig, 1003, 5001, ACK, b"XYZWV"));
    bench.frame(&segment(Orig, 1001, 5001, ACK, b"ab"));
    let seen = bench.done();
    assert_eq!(seen.text(0, Orig), "abXdefV");
    assert_eq!(seen.flows[0].orig.conflicting_bytes, 3);
    assert_eq!(seen.flows[0].orig.retransmitted_bytes, 3);
}

#[test]
fn a_retransmission_is_not_handed_out_again() {
    let mut bench = connected();
    bench.frame(&segment(Orig, 1001, 5001, ACK, b"abc"));
    bench.frame(&segment(Orig, 1001, 5001, ACK, b"abc"));
    bench.frame(&segment(Orig, 1002, 5001, ACK, b"bcde"));
    // A keep-alive repeats the last byte.
    bench.frame(&segment(Orig, 1005, 5001, ACK, b"\0"));
    let seen = bench.done();
    assert_eq!(seen.text(0, Orig), "abcde");
    assert_eq!(seen.flows[0].orig.retransmitted_bytes, 6);
    assert_eq!(seen.flows[0].orig.payload_bytes, 11);
}

#[test]
fn an_acknowledgement_before_its_data_makes_no_gap() {
    let mut bench = connected();
    bench.frame(&segment(Resp, 5001, 1007, ACK, b""));
    bench.frame(&segment(Orig, 1004, 5001, ACK, b"def"));
    bench.frame(&segment(Resp, 5001, 1007, ACK, b""));
    bench.frame(&segment(Orig, 1001, 5001, ACK, b"abc"));
    let seen = bench.done();
    assert_eq!(seen.text(0, Orig), "abcdef");
    assert_eq!(seen.flows[0].orig.gap_bytes, 0);
}

#[test]
fn an_acknowledged_hole_becomes_a_gap_and_replies_stay_in_their_place() {
    let mut bench = connected();
    bench.frame(&segment(Resp, 5001, 1001, ACK, b"220"));
    // The client's first command, 1001..1005, was not captured.
    bench.frame(&segment(Resp, 5004, 1005, ACK, b"250"));
    bench.frame(&segment(Orig, 1005, 5007, ACK, b"MAIL"));
    bench.frame(&segment(Resp, 5007, 1009, ACK, b"251"));
    bench.frame(&segment(Orig, 1009, 5010, ACK, b"RCPT"));
    bench.wait_s(1);
    bench.frame(&segment(Resp, 5010, 1013, ACK, b"252"));
    bench.frame(&segment(Orig, 1013, 5013, ACK, b"DATA"));
    let seen = bench.done();
    assert_eq!(
        seen.dialogue(0),
        "<220 <250 >[4] >MAIL <251 >RCPT <252 >DATA"
    );
    assert_eq!(seen.flows[0].orig.gap_bytes, 4);
}

#[test]
fn a_retransmission_that_comes_in_time_fills_the_hole() {
    let mut bench = connected();
    bench.frame(&segment(Orig, 1004, 5001, ACK, b"def"));
    bench.wait_s(3);
    bench.frame(&segment(Resp, 5001, 1001, ACK, b"dup"));
    bench.frame(&segment(Orig, 1001, 5001, ACK, b"abc"));
    let seen = bench.done();
    assert_eq!(seen.text(0, Orig), "abcdef");
    assert_eq!(seen.flows[0].orig.gap_bytes, 0);
}

#[test]
fn a_hole_that_nobody_acknowledges_ends_by_time_or_with_the_flow() {
    let mut bench = connected();
    bench.frame(&segment(Orig, 1004, 0, 0, b"def"));
    bench.wait_s(20);
    bench.frame(&segment(Orig, 1007, 0, 0, b"ghi"));
    assert_eq!(bench.engine.handler().text(0, Orig), "[3]defghi");
    bench.frame(&segment(Orig, 1012, 0, 0, b"xyz"));
    assert_eq!(bench.done().text(0, Orig), "[3]defghi[2]xyz");
}

#[test]
fn too_much_behind_a_hole_makes_it_a_gap() {
    let limits = Limits {
        direction_bytes: 10_000,
        ..Limits::default()
    };
    let mut bench = Bench::new(limits);
    bench.frame(&segment(Orig, 1000, 0, SYN, b""));
    for n in 0..10u32 {
        bench.frame(&segment(Orig, 1011 + 1400 * n, 0, 0, &[b'a'; 1400]));
    }
    let seen = bench.engine.handler();
    assert_eq!(seen.events[&0][0], Event::Gap(Orig, 10));
    assert!(bench.engine.stats().peak_buffer_bytes < 13_000);
}

#[test]
fn the_budget_of_all_flows_holds_and_the_longest_waiting_flow_pays() {
    let limits = Limits {
        buffer_bytes: 100_000,
        ..Limits::default()
    };
    let mut bench = Bench::new(limits);
    for port in 0..500u16 {
        for (seq, payload) in [(1, &[b'x'; 10][..]), (100, &[b'y'; 1000])] {
            let tcp = support::tcp(10_000 + port, 25, seq, 0, ACK, payload);
            let ip = support::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 6, (0, 0, false), &tcp);
            bench.frame(&support::ethernet(0x0800, &ip));
        }
    }
    assert!(bench.engine.stats().peak_buffer_bytes <= 102_000);
    let seen = bench.engine.handler();
    assert_eq!(seen.text(0, Orig).len(), 10 + "[89]".len() + 1000);
    assert_eq!(seen.text(499, Orig), "xxxxxxxxxx");
}

#[test]
fn sequence_numbers_wrap() {
    let mut bench = Bench::new(Limits::default());
    bench.frame(&segment(Orig, 0xffff_fffd, 0, SYN, b""));
    bench.frame(&segment(Orig, 0xffff_fffe, 0, ACK, b"abcd"));
    bench.frame(&segment(Orig, 5, 0, ACK, b"hij"));
    bench.frame(&segment(Orig, 2, 0, ACK, b"efg"));
    assert_eq!(bench.done().text(0, Orig), "abcdefghij");
}

#[test]
fn data_in_the_syn_belongs_to_the_stream() {
    let mut bench = Bench::new(Limits::default());
    bench.frame(&segment(Orig, 1000, 0, SYN, b"early"));
    bench.frame(&segment(Resp, 5000, 1001, SYN | ACK, b""));
    bench.frame(&segment(Orig, 1001, 5001, ACK, b"early bird"));
    assert_eq!(bench.done().text(0, Orig), "early bird");
}

#[test]
fn a_stream_is_picked_up_in_the_middle() {
    let mut bench = Bench::new(Limits::default());
    bench.frame(&segment(Orig, 777, 1, ACK, b"abc"));
    bench.frame(&segment(Orig, 780, 1, ACK, b"def"));
    let seen = bench.done();
    assert_eq!(seen.text(0, Orig), "abcdef");
    assert!(!seen.refs[&0].from_start);
    assert_eq!(seen.flows[0].resp.packets, 0);
}

#[test]
fn a_keep_alive_before_the_first_data_makes_no_gap() {
    let mut bench = Bench::new(Limits::default());
    bench.frame(&segment(Orig, 776, 1, ACK, b""));
    bench.frame(&segment(Orig, 777, 1, ACK, b"abc"));
    assert_eq!(bench.done().text(0, Orig), "abc");
}

#[test]
fn the_text_of_a_reset_is_no_stream_data() {
    let mut bench = connected();
    bench.frame(&segment(Orig, 1001, 5001, ACK, b"abc"));
    bench.frame(&segment(Resp, 5001, 1004, ACK | RST, b"No cookie"));
    let seen = bench.done();
    assert_eq!(seen.text(0, Resp), "");
    assert_eq!(seen.flows[0].closed, Closed::ResetByResp);
    assert_eq!(seen.flows[0].resp.payload_bytes, 9);
}

#[test]
fn a_fin_waits_for_the_data_before_it() {
    let mut bench = connected();
    bench.frame(&segment(Orig, 1004, 5001, ACK | FIN, b"def"));
    assert_eq!(bench.engine.handler().dialogue(0), "");
    bench.frame(&segment(Orig, 1001, 5001, ACK, b"abc"));
    assert_eq!(bench.engine.handler().dialogue(0), ">abc >def >]");
}

#[test]
fn data_behind_a_fin_is_no_part_of_the_stream() {
    let mut bench = connected();
    bench.frame(&segment(Orig, 1001, 5001, ACK | FIN, b"abc"));
    bench.frame(&segment(Orig, 1005, 5001, ACK, b"junk"));
    let seen = bench.done();
    assert_eq!(seen.dialogue(0), ">abc >]");
    assert_eq!(seen.flows[0].orig.conflicting_bytes, 4);
}

#[test]
fn what_the_snap_length_cut_is_a_gap() {
    let mut bench = connected();
    let frame = segment(Orig, 1001, 5001, ACK, b"abcdefgh");
    bench.cut_frame(&frame[..frame.len() - 5], frame.len() as u32);
    bench.frame(&segment(Orig, 1009, 5001, ACK, b"ijk"));
    let seen = bench.done();
    assert_eq!(seen.text(0, Orig), "abc[5]ijk");
    assert_eq!(
        (seen.flows[0].orig.cut_packets, seen.flows[0].orig.gap_bytes),
        (1, 5)
    );
}

#[test]
fn an_ignored_flow_is_counted_but_not_handed_out() {
    let mut bench = connected();
    bench.engine.handler().ignore_after = Some(1);
    bench.frame(&segment(Orig, 1001, 5001, ACK, b"abc"));
    bench.frame(&segment(Orig, 1004, 5001, ACK, b"def"));
    bench.frame(&segment(Orig, 1010, 5001, ACK, b"late"));
    bench.frame(&segment(Orig, 1004, 5001, ACK, b"def"));
    let seen = bench.done();
    assert_eq!(seen.text(0, Orig), "abc");
    assert_eq!(seen.flows[0].orig.payload_bytes, 13);
    assert_eq!(seen.flows[0].orig.packets, 6);
}

#[test]
fn an_acknowledgement_behind_a_fin_is_no_missing_byte_of_an_ignored_flow() {
    let mut bench = connected();
    bench.engine.handler().ignore_after = Some(1);
    bench.frame(&segment(Orig, 1001, 5001, ACK, b"abc"));
    bench.frame(&segment(Orig, 1004, 5001, ACK | FIN, b"bye"));
    bench.frame(&segment(Resp, 5001, 1008, ACK | FIN, b""));
    bench.frame(&segment(Orig, 1008, 5002, ACK, b""));
    assert_eq!(bench.done().flows[0].orig.gap_bytes, 0);
}

#[test]
fn segments_outside_any_window_are_left_out() {
    let mut bench = connected();
    bench.frame(&segment(Orig, 1001, 5001, ACK, b"abc"));
    bench.frame(&segment(Orig, 0x6000_0000, 5001, ACK, b"spoofed"));
    bench.frame(&segment(Orig, 1004, 5001, ACK, b"def"));
    let seen = bench.done();
    assert_eq!(seen.text(0, Orig), "abcdef");
    assert_eq!(seen.flows[0].orig.conflicting_bytes, 7);
}

/// One way to send a stream: pieces that may overlap, come twice and in another order.
fn pieces(len: usize) -> impl Strategy<Value = Vec<(usize, usize)>> {
    let cuts = proptest::collection::vec((1usize..40, 0usize..30, 0usize..3), 1..80);
    (cuts, any::<u64>()).prop_map(move |(cuts, seed)| {
        let mut pieces = Vec::new();
        let mut at = 0;
        for (step, extra, copies) in cuts.into_iter().cycle() {
            let end = (at + step).min(len);
            for _ in 0..=copies {
                pieces.push((at, (end + extra).min(len)));
            }
            at = end;
            if at == len {
                break;
            }
        }
        let mut random = support::Random(seed | 1);
        for i in (1..pieces.len()).rev() {
            // Disorder reaches a window of some segments, as in networks.
            let j = i - random.below(i.min(12) as u64 + 1) as usize;
            pieces.swap(i, j);
        }
        pieces
    })
}

fn config() -> ProptestConfig {
    let given = ProptestConfig::default();
    let rng_seed = match given.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        chosen @ RngSeed::Fixed(_) => chosen,
    };
    ProptestConfig {
        cases: 300,
        rng_seed,
        ..given
    }
}

proptest! {
    // The same cases everywhere; `PROPTEST_RNG_SEED` tries others.
    #![proptest_config(config())]

    #[test]
    fn any_order_of_pieces_gives_the_stream(
        isn in any::<u32>(),
        len in 1usize..600,
        ways in (1usize..600).prop_flat_map(|len| (Just(len), pieces(len))),
        fin in any::<bool>(),
    ) {
        let _ = len;
        let (len, ways) = ways;
        let stream: Vec<u8> = (0..len).map(|i| b'a' + (i % 23) as u8).collect();
        let mut bench = Bench::new(Limits::default());
        bench.frame(&segment(Orig, isn, 0, SYN, b""));
        for (start, end) in ways {
            let seq = isn.wrapping_add(1).wrapping_add(start as u32);
            let flags = if fin && end == len { ACK | FIN } else { ACK };
            bench.frame(&segment(Orig, seq, 0, flags, &stream[start..end]));
        }
        let seen = bench.done();
        prop_assert_eq!(seen.text(0, Orig), String::from_utf8(stream).unwrap());
        prop_assert_eq!(seen.flows.len(), 1);
        let flow = &seen.flows[0].orig;
        prop_assert_eq!((flow.gap_bytes, flow.conflicting_bytes), (0, 0));
        prop_assert_eq!(flow.payload_bytes, len as u64 + flow.retransmitted_bytes);
        let fins = seen.events[&0].iter().filter(|e| **e == Event::Fin(Orig)).count();
        prop_assert_eq!(fins, usize::from(fin));
    }

    #[test]
    fn lost_pieces_are_gaps_of_the_right_length(
        isn in any::<u32>(),
        lost in proptest::collection::vec(any::<bool>(), 2..60),
    ) {
        let mut bench = Bench::new(Limits::default());
        bench.frame(&segment(Orig, isn, 0, SYN, b""));
        let mut expected = String::new();
        let mut missing = 0;
        for (n, is_lost) in lost.iter().enumerate() {
            let piece = vec![b'a' + (n % 23) as u8; 1 + n % 7];
            let seq = isn.wrapping_add(1).wrapping_add((0..n).map(|n| 1 + n % 7).sum::<usize>() as u32);
            if *is_lost {
                missing += piece.len();
            } else {
                if missing > 0 {
                    expected.push_str(&format!("[{missing}]"));
                    missing = 0;
                }
                expected.push_str(&String::from_utf8(piece.clone()).unwrap());
                bench.frame(&segment(Orig, seq, 0, ACK, &piece));
            }
            // The receiver acknowledges everything.
            let ack = seq.wrapping_add(piece.len() as u32);
            bench.frame(&segment(Resp, 1, ack, ACK, b""));
        }
        prop_assert_eq!(bench.done().text(0, Orig), expected);
    }
}
