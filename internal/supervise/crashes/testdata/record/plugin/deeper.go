package main

import "example.com/otai-crashing.v2/internal/deep"

func deeper() { new(deep.Words[string]).Take(len(password)) }
