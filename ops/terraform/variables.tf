variable "endpoint" {
  description = "ISSUER of the service: an https origin without a path."
  type        = string
  default     = "https://identity.example.com"
}

variable "region" {
  description = "REGION of the service: the first part of every id, and part of each signature."
  type        = string
  default     = "us-east-1"
}

variable "access_key_id" {
  description = "accessKeyId of one of ADMIN_CREDENTIALS."
  type        = string
  sensitive   = true
}

variable "secret_access_key" {
  description = "Its secretAccessKey."
  type        = string
  sensitive   = true
}

variable "google_client_id" {
  description = "Client id at Google, as the aud of its ID tokens has it."
  type        = string
}

variable "users_role_arn" {
  description = "Role in AWS of those who signed in."
  type        = string
}

variable "guests_role_arn" {
  description = "Role in AWS of guests."
  type        = string
}
