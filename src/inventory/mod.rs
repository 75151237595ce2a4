//! (room: inventory)
