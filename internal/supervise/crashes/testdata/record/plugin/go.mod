module example.com/otai-crashing.v2

go 1.25.0
