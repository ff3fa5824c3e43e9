// Command hf-local is the plugin otai-hf-local: it classifies texts on this
// machine with HuggingFace models, without Python and without any server.
//
// Build it into otai_hf_local.so with
//
//	go build -trimpath -buildmode=plugin -o otai_hf_local.so
//
// It offers one service, HFClassificationService (service.go). The service finds
// a model's folder (internal/hub), loads it once (loadedmodels.go, modelpool.go, internal/model) and
// computes with own kernels (internal/engine). Its packages internal/tokenizer,
// internal/safetensors and internal/pytorch read the files that HuggingFace models
// consist of.
package main
