//! What a dwsim test links: find or start the emulators, fork, run SQL, compare snapshots
