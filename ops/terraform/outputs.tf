output "identity_pool_id" {
  description = "For the apps: IdentityPoolId."
  value       = aws_cognito_identity_pool.app.id
}
