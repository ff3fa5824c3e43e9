// Has a factory with types of its own that look the same.
package main

type AppConfig struct{ Separator string }

type Plugin interface{ Name() string }

func CreatePlugin(AppConfig) Plugin { return nil }

func main() {}
