// A scoring service with net/http: GET /model describes, POST /score takes {"data": [...], "shape": [...]}. Ctrl-C ends it once the requests in
// progress are answered. usage: go run server.go MODEL ADDRESS
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"libmo.ai/libmo"
)

type array struct {
	Data  []float32 `json:"data"`
	Shape []int64   `json:"shape"`
}

type server struct {
	model   *libmo.Model
	session *libmo.Session
	input   string
}

// score runs the model once; a client that goes away stops the run.
func (s *server) score(ctx context.Context, in array) (map[string]array, error) {
	inputs, err := libmo.NewTensors()
	if err != nil {
		return nil, err
	}
	defer inputs.Close()
	if err := libmo.Put(inputs, s.input, in.Data, in.Shape...); err != nil {
		return nil, err
	}
	outputs, err := s.session.Run(ctx, inputs)
	if err != nil {
		return nil, err
	}
	defer outputs.Close()
	answer := map[string]array{}
	for name := range outputs.All() {
		data, shape, err := libmo.Get[float32](outputs, name)
		if err != nil {
			return nil, err
		}
		answer[name] = array{data, shape}
	}
	return answer, nil
}

func (s *server) handleScore(w http.ResponseWriter, r *http.Request) {
	var in array
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<20)).Decode(&in); err != nil {
		http.Error(w, `the body is not {"data": [...], "shape": [...]}: `+err.Error(), http.StatusBadRequest)
		return
	}
	answer, err := s.score(r.Context(), in)
	var wrong *libmo.Error
	switch {
	case errors.As(err, &wrong) && (wrong.Code == libmo.CodeShape || wrong.Code == libmo.CodeType || wrong.Code == libmo.CodeInvalidArgument):
		http.Error(w, wrong.Message, http.StatusBadRequest)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(answer)
	}
}

func (s *server) handleModel(w http.ResponseWriter, r *http.Request) {
	description, err := s.model.DescribeJSON()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(description)
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: server MODEL ADDRESS")
	}
	model, err := libmo.LoadModel(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	session, err := libmo.NewSession(model, libmo.SessionThreads(1))
	if err != nil {
		log.Fatal(err)
	}
	s := &server{model, session, model.Inputs()[0].Name}
	routes := http.NewServeMux()
	routes.HandleFunc("POST /score", s.handleScore)
	routes.HandleFunc("GET /model", s.handleModel)
	listener, err := net.Listen("tcp", os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on http://%s", listener.Addr())
	web := &http.Server{Handler: routes, ReadHeaderTimeout: 10 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ended := make(chan error)
	go func() {
		<-ctx.Done()
		ended <- web.Shutdown(context.Background()) // waits for the requests in progress
	}()
	if err := web.Serve(listener); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	if err := errors.Join(<-ended, session.Close(), model.Close()); err != nil {
		log.Fatal(err)
	}
	log.Print("stopped")
}
