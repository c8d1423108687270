# The AWS provider, pointed at Edgepool. It asks nobody else: neither AWS for the account, nor the machine for credentials.
provider "aws" {
  region                      = var.region
  access_key                  = var.access_key_id
  secret_key                  = var.secret_access_key
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  skip_region_validation      = true

  endpoints {
    cognitoidentity = var.endpoint
  }

  default_tags {
    tags = { managed-by = "terraform" }
  }
}

resource "aws_cognito_identity_pool" "app" {
  identity_pool_name               = "app"
  allow_unauthenticated_identities = true

  # Not said, the provider sends false, and GetOpenIdToken is refused. False is right for a pool whose clients ask for
  # credentials alone.
  allow_classic_flow = true

  supported_login_providers = {
    "accounts.google.com" = var.google_client_id
  }

  tags = { stage = "production" }

  # Another name is another pool, and all identities are gone with the old one.
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_cognito_identity_pool_roles_attachment" "app" {
  identity_pool_id = aws_cognito_identity_pool.app.id

  roles = {
    authenticated   = var.users_role_arn
    unauthenticated = var.guests_role_arn
  }
}

resource "aws_cognito_identity_pool_provider_principal_tag" "google" {
  identity_pool_id       = aws_cognito_identity_pool.app.id
  identity_provider_name = "accounts.google.com"
  use_defaults           = false
  principal_tags         = { domain = "hd" }
}
