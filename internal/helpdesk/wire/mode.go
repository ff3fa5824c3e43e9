package wire

// Mode names the server whose behavior is followed where Znuny and OTOBO differ.
type Mode string

// The modes; the zero Mode is ModeZnuny.
const (
	ModeZnuny Mode = "znuny" // Znuny 6.5 behind Apache and mod_perl
	ModeOTOBO Mode = "otobo" // OTOBO 11.0 behind starman
)
