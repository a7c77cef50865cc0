module libmo.ai/libmo

go 1.24
