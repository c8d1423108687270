# The own validation of a discovery document by the gem openid_connect: reads it as JSON, prints a list of refusals.
require "json"
require "openid_connect"

metadata = JSON.parse(ARGV.fetch(0), symbolize_names: true)
response = OpenIDConnect::Discovery::Provider::Config::Response.new(metadata)
response.expected_issuer = metadata[:issuer]
response.valid?
puts JSON.generate(response.errors.full_messages)
