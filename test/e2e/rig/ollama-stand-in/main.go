// A stand-in for the Ollama server on the rig's hosts. It opens its socket the way Ollama does (OLLAMA_HOST, one
// net.Listen), answers the read-only endpoints, and can be told through STAND_IN_* variables to misbehave.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	modelsFile = "/usr/share/ollama/models.json"
	loadedFile = "/run/ollama-ps.json"
)

func main() {
	command := ""
	if len(os.Args) > 1 {
		command = os.Args[1]
	}
	switch command {
	case "serve", "start":
		if err := serve(); err != nil {
			fmt.Fprintln(os.Stderr, "Error:", err)
			os.Exit(1)
		}
	case "-v", "--version":
		fmt.Println("ollama version is", version())
	default:
		fmt.Fprintln(os.Stderr, "this stand-in only knows: serve, --version")
		os.Exit(2)
	}
}

func serve() error {
	if code, asked := number("STAND_IN_EXIT"); asked {
		fmt.Fprintln(os.Stderr, "Error: told to exit with", code)
		os.Exit(code)
	}
	// As on a Mac, where launchd gives root's daemons no HOME (os.UserHomeDir); elsewhere the stand-in needs none.
	if _, err := os.Stat("/usr/share/ollama/needs-home"); err == nil && os.Getenv("HOME") == "" {
		return fmt.Errorf("$HOME is not defined")
	}
	pause("STAND_IN_START_DELAY_MS")
	listener, err := net.Listen("tcp", bindAddress())
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "level=INFO msg=\"Listening on %s (version %s)\"\n", listener.Addr(), version())
	quit := make(chan os.Signal, 1)
	signal.Notify(quit, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-quit
		os.Exit(0)
	}()
	// Until Serve runs, the kernel alone answers: the port is open and HTTP is silent.
	pause("STAND_IN_HTTP_DELAY_MS")
	return http.Serve(listener, onlyKnownHosts(listener.Addr(), onlyKnownOrigins(routes())))
}

// bindAddress reads OLLAMA_HOST by the rules of Ollama's envconfig: blanks and quotes around it do not count, a scheme
// without a port means that scheme's port, a port that is no port means the default one, and a path is dropped.
func bindAddress() string {
	if os.Getenv("STAND_IN_IGNORE_HOST") != "" {
		return "127.0.0.1:11434"
	}
	value := strings.TrimSpace(strings.Trim(strings.TrimSpace(os.Getenv("OLLAMA_HOST")), `"'`))
	defaultPort := "11434"
	if scheme, rest, found := strings.Cut(value, "://"); found {
		value = rest
		switch scheme {
		case "http":
			defaultPort = "80"
		case "https":
			defaultPort = "443"
		}
	}
	value, _, _ = strings.Cut(value, "/")
	host, port, err := net.SplitHostPort(value)
	if err != nil {
		host, port = value, defaultPort
		if host == "" {
			host = "127.0.0.1"
		} else if ip := net.ParseIP(strings.Trim(host, "[]")); ip != nil {
			host = ip.String()
		}
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		fmt.Fprintf(os.Stderr, "level=WARN msg=\"invalid port, using default\" port=%q default=%s\n", port, defaultPort)
		port = defaultPort
	}
	return net.JoinHostPort(host, port)
}

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, "Ollama is running")
	})
	mux.HandleFunc("/api/version", func(w http.ResponseWriter, r *http.Request) {
		answer(w, []byte(fmt.Sprintf(`{"version":%q}`, version())))
	})
	mux.HandleFunc("/api/tags", models(modelsFile))
	mux.HandleFunc("/api/ps", models(loadedFile))
	return mux
}

// models answers with the file's own text ({"models":[…]}, or a bare list), and with an empty list when there is none.
func models(file string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, err := os.ReadFile(file)
		if err != nil || !json.Valid(text) {
			text = []byte(`{"models":[]}`)
		} else if strings.HasPrefix(strings.TrimSpace(string(text)), "[") {
			text = []byte(`{"models":` + string(text) + `}`)
		}
		answer(w, text)
	}
}

func answer(w http.ResponseWriter, text []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = io.WriteString(w, string(text))
}

// onlyKnownOrigins refuses web pages of other origins with an empty 403, unless OLLAMA_ORIGINS lets in all or them.
func onlyKnownOrigins(next http.Handler) http.Handler {
	allowed := strings.Split(os.Getenv("OLLAMA_ORIGINS"), ",")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "" || origin == "http://"+r.Host {
			next.ServeHTTP(w, r)
			return
		}
		for _, one := range allowed {
			if one == "*" || one == origin {
				w.Header().Set("Access-Control-Allow-Origin", one)
				next.ServeHTTP(w, r)
				return
			}
		}
		w.WriteHeader(http.StatusForbidden)
	})
}

// onlyKnownHosts refuses foreign Host headers with an empty 403, but only while the server is bound to loopback.
func onlyKnownHosts(bound net.Addr, next http.Handler) http.Handler {
	tcp, ok := bound.(*net.TCPAddr)
	if !ok || !tcp.IP.IsLoopback() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !known(strings.ToLower(strings.Trim(host, "[]"))) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func known(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsUnspecified() || own(ip)
	}
	name, _ := os.Hostname()
	if host == "" || host == "localhost" || host == strings.ToLower(name) {
		return true
	}
	for _, ending := range []string{".localhost", ".local", ".internal"} {
		if strings.HasSuffix(host, ending) {
			return true
		}
	}
	return false
}

func own(ip net.IP) bool {
	addresses, _ := net.InterfaceAddrs()
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok && network.IP.Equal(ip) {
			return true
		}
	}
	return false
}

func version() string {
	if told := os.Getenv("STAND_IN_VERSION"); told != "" {
		return told
	}
	return "0.33.0"
}

func number(variable string) (int, bool) {
	n, err := strconv.Atoi(os.Getenv(variable))
	return n, err == nil
}

func pause(variable string) {
	if ms, asked := number(variable); asked {
		time.Sleep(time.Duration(ms) * time.Millisecond)
	}
}
