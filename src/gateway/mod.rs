//! (room: gateway)
