module example.com/host

go 1.25.0
