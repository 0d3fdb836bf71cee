// Follows a stream with net/http. Prints each event as a line of JSON, and resumes with Last-Event-ID.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

var lastID string

func main() {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trusted(os.Args[2])}}
	for {
		if err := follow(client, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		time.Sleep(300 * time.Millisecond)
	}
}

func trusted(certificate string) *tls.Config {
	pem, _ := os.ReadFile(certificate)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: pool}
}

func follow(client *http.Client, url string) error {
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return err
	}
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	event := map[string]string{}
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		if lines.Text() != "" {
			event[field] = value
			continue
		}
		if err := take(event); err != nil {
			return err
		}
		event = map[string]string{}
	}
	return lines.Err()
}

func take(event map[string]string) error {
	if id, ok := event["id"]; ok {
		lastID = id
	}
	data, ok := event["data"]
	if !ok {
		return nil
	}
	shown := map[string]any{}
	if err := json.Unmarshal([]byte(data), &shown); err != nil {
		return err
	}
	shown["type"] = "message"
	if event["event"] == "pharos-gap" {
		shown["type"] = "gap"
	}
	shown["atMs"] = time.Now().UnixMilli()
	return json.NewEncoder(os.Stdout).Encode(shown)
}
