# Follows a stream with Net::HTTP. Prints each event as a line of JSON, and resumes with Last-Event-ID.
require "json"
require "net/http"
require "openssl"

address, certificate = ARGV
uri = URI(address)
last_id = nil
loop do
  begin
    http = Net::HTTP.new(uri.host, uri.port)
    http.use_ssl = uri.scheme == "https"
    http.ca_file = certificate if http.use_ssl?
    # After a cut, Net::HTTP repeats a GET with its first headers. The client would miss what came before the repetition.
    http.max_retries = 0
    request = Net::HTTP::Get.new(uri)
    request["Last-Event-ID"] = last_id if last_id
    http.request(request) do |response|
      rest = +""
      response.read_body do |piece|
        rest << piece
        while (at = rest.index("\n\n"))
          event = rest.slice!(0, at + 2).lines.map { |line| line.chomp.split(": ", 2) }.to_h { |field, value| [field, value] }
          last_id = event["id"] || last_id
          next unless event["data"]
          kind = event["event"] == "pharos-gap" ? "gap" : "message"
          puts JSON.generate(JSON.parse(event["data"]).merge("type" => kind, "atMs" => Time.now.to_f * 1000))
          $stdout.flush
        end
      end
    end
  rescue StandardError => error
    warn error.inspect
  end
  sleep 0.3
end
