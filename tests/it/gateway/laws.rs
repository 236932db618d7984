//! What holds for every sequence of frames, whatever they hold.

use std::sync::Arc;

use holdpoint::{
    execution::gateway::{
        Native,
        circuit::{Action, Circuit},
        codec::{Decoder, Message, command},
        dbr::{self, Shape},
        terms::{Puts, Quota, Terms},
    },
    model::PvValue,
};
use proptest::{collection::vec, prelude::*};

/// The only messages that may ever go to a server besides judged puts.
const HARMLESS: [u16; 13] = [
    command::VERSION,
    command::EVENT_ADD,
    command::EVENT_CANCEL,
    command::READ,
    command::EVENTS_OFF,
    command::EVENTS_ON,
    command::READ_SYNC,
    command::CLEAR_CHANNEL,
    command::READ_NOTIFY,
    command::CREATE_CHAN,
    command::CLIENT_NAME,
    command::HOST_NAME,
    command::ECHO,
];

fn circuit(puts: Puts) -> Circuit {
    Circuit::new(Arc::new(Terms {
        puts,
        client: "ours".to_owned(),
        host: "here".to_owned(),
        channels: Quota::new(8),
        subscriptions: Quota::new(8),
    }))
}

/// Small numbers, so that messages are about the same things; and the numbers at the edges.
fn number() -> impl Strategy<Value = u32> {
    prop_oneof![
        8 => 0_u32..6,
        1 => prop::sample::select(vec![0xBFFF_FFFF, 0xC000_0000, 0xC000_0001, 0xE000_0000, u32::MAX]),
        1 => any::<u32>(),
    ]
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => Just(b"SR:MAG:SP\0".to_vec()),
        1 => Just(b"SR:MAG:SP.VAL\0".to_vec()),
        1 => Just(b"SR:MAG:RB.DESC$\0".to_vec()),
        1 => Just(Vec::new()),
        2 => vec(any::<u8>(), 0..64),
    ]
}

prop_compose! {
    fn message()(
        command in prop_oneof![
            4 => prop::sample::select(vec![command::WRITE, command::WRITE_NOTIFY]),
            4 => prop::sample::select(vec![command::CREATE_CHAN, command::ACCESS_RIGHTS, command::CLEAR_CHANNEL]),
            8 => 0_u16..30,
            1 => any::<u16>(),
        ],
        data_type in prop_oneof![4 => 0_u16..7, 1 => 0_u16..40, 1 => any::<u16>()],
        count in prop_oneof![4 => 0_u32..4, 1 => any::<u32>()],
        first in number(),
        second in number(),
        payload in payload(),
    ) -> Message {
        Message { command, data_type, count, first, second, payload }
    }
}

/// What a circuit does, message by message; `true` is the program's.
fn actions(circuit: &mut Circuit, frames: Vec<(bool, Message)>) -> Vec<Action> {
    let mut all = Vec::new();
    for (from_client, message) in frames {
        // What has been decoded is what a circuit gets.
        let mut decoder = Decoder::new(1 << 20);
        decoder.push(&message.bytes());
        let message = decoder.next_message().unwrap().unwrap();
        match from_client {
            true => all.extend(circuit.client_message(message)),
            false => all.extend(circuit.server_message(message)),
        }
    }
    all
}

proptest! {
    #[test]
    fn no_sequence_of_frames_lets_a_write_through_in_read_only_mode(
        frames in vec((any::<bool>(), message()), 1..60),
    ) {
        let mut circuit = circuit(Puts::Refused);
        for action in actions(&mut circuit, frames) {
            match action {
                Action::ToServer(message) => prop_assert!(HARMLESS.contains(&message.command), "{message:?}"),
                Action::Attempt(put) => prop_assert!(false, "{put:?} was to be judged"),
                Action::ToClient(message) if message.command == command::ACCESS_RIGHTS => {
                    prop_assert_eq!(message.second & 2, 0);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn where_puts_are_judged_none_goes_anywhere_unjudged(
        frames in vec((any::<bool>(), message()), 1..60),
        rehearsed in any::<bool>(),
    ) {
        let puts = match rehearsed {
            true => Puts::Rehearsed,
            false => Puts::Judged,
        };
        let mut circuit = circuit(puts);
        for action in actions(&mut circuit, frames) {
            match action {
                Action::ToServer(message) => prop_assert!(HARMLESS.contains(&message.command), "{message:?}"),
                Action::Attempt(put) => {
                    // The gateway's request carries what was judged, and none of the program's bytes.
                    if let Some(request) = put.message(&PvValue::Int(1), 1) {
                        let (count, payload) = dbr::encode(put.native, &PvValue::Int(1)).unwrap();
                        prop_assert_eq!((request.count, request.payload), (count, payload));
                    }
                }
                _ => {}
            }
        }
    }

    #[test]
    fn the_program_never_names_itself(frames in vec((any::<bool>(), message()), 1..60)) {
        let mut circuit = circuit(Puts::Refused);
        let mut sent = Vec::new();
        for action in actions(&mut circuit, frames) {
            if let Action::ToServer(message) = action {
                sent.push(message);
            }
        }
        for (at, message) in sent.iter().enumerate() {
            match message.command {
                command::VERSION => prop_assert_eq!(at, 0),
                command::CLIENT_NAME => prop_assert_eq!((at, message.as_text().unwrap()), (1, "ours")),
                command::HOST_NAME => prop_assert_eq!((at, message.as_text().unwrap()), (2, "here")),
                _ => prop_assert!(at > 2),
            }
        }
    }

    #[test]
    fn a_message_comes_out_as_it_went_in(
        messages in vec(message(), 1..10),
        cut in 1_usize..40,
    ) {
        let bytes: Vec<u8> = messages.iter().flat_map(Message::bytes).collect();
        let mut decoder = Decoder::new(1 << 20);
        let mut read = Vec::new();
        for chunk in bytes.chunks(cut) {
            decoder.push(chunk);
            while let Some(message) = decoder.next_message().unwrap() {
                read.push(message);
            }
        }
        prop_assert!(!decoder.is_inside_message());
        let padded = messages.into_iter().map(|mut message| {
            let length = message.payload.len().next_multiple_of(8);
            message.payload.resize(length, 0);
            message
        });
        prop_assert_eq!(read, padded.collect::<Vec<_>>());
    }

    #[test]
    fn no_bytes_confuse_the_decoder(
        bytes in vec(any::<u8>(), 0..400),
        cut in 1_usize..50,
        extended in any::<bool>(),
    ) {
        let mut bytes = bytes;
        if extended && bytes.len() > 8 {
            bytes[2..4].fill(0xff);
            bytes[6..8].fill(0);
        }
        let mut decoder = Decoder::new(4096);
        let mut circuit = circuit(Puts::Rehearsed);
        'stream: for chunk in bytes.chunks(cut) {
            decoder.push(chunk);
            loop {
                match decoder.next_message() {
                    Ok(Some(message)) => {
                        prop_assert!(message.payload.len() <= 4096);
                        circuit.client_message(message);
                    }
                    Ok(None) => break,
                    Err(_) => break 'stream,
                }
            }
        }
    }

    #[test]
    fn no_payload_confuses_the_values(
        native in 0_u16..7,
        count in prop_oneof![3 => 0_u32..20, 1 => any::<u32>()],
        bytes in vec(any::<u8>(), 0..500),
        shape in prop::sample::select(vec![Shape::One, Shape::Array, Shape::Letters]),
    ) {
        let native = Native::from_dbr(native).unwrap();
        dbr::decode_labelled(&bytes);
        if let Some(value) = dbr::decode_strictly(native, count, &bytes, shape)
            && let Some((count, bytes)) = dbr::encode(native, &value)
        {
            prop_assert_eq!(dbr::decode_strictly(native, count, &bytes, shape), Some(value));
        }
    }
}
