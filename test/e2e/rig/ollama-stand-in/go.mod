module stigmer.test/ollama-stand-in

go 1.19
