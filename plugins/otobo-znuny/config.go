package main

// PasswordVariable is the environment variable that answers for a password that
// the configuration doesn't give.
const PasswordVariable = "OTAI_OTOBO_ZNUNY_PASSWORD"

// script is the program of the help desk that serves all web services.
const script = "nph-genericinterface.pl"

// noProxy is the word for a direct connection, whatever the environment says.
const noProxy = "none"
