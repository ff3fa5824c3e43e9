// Package revert decides what of what otai wrote to a ticket is put back.
//
// [Of] goes by the records of decisions alone. Per field, consecutive writes whose new value
// is the next one's old value are one: the field must have the last new value still, and gets
// the first old one. Where one doesn't follow from the one before, a person has changed the
// field between them, and only what came after that is put back.
package revert
