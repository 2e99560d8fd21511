//! Whom services are offered to.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/privatelink/configure-endpoint-service.html>.

use super::EndpointServiceError;
use crate::{Context, EndpointServiceId, Model, ServicePermissionId};

/// Someone whom a service is offered to.
///
/// Deviation: there is one account, and it can use its own services whoever is allowed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedPrincipal {
    /// The permission's id.
    pub id: ServicePermissionId,
    /// Who: an ARN, a service's name, or `*`.
    pub principal: String,
    /// What is allowed: `vpc-endpoint` or `transit-gateway-attachment`.
    pub permission: &'static str,
}

impl AllowedPrincipal {
    /// What the principal is, as EC2 writes it.
    pub fn kind(&self) -> &'static str {
        kind_of(&self.principal).unwrap_or("Account")
    }
}

/// What a principal is; `None` where it is none.
fn kind_of(principal: &str) -> Option<&'static str> {
    if principal == "*" {
        return Some("All");
    }
    if principal.ends_with(".amazonaws.com") {
        return Some("Service");
    }
    let mut parts = principal.splitn(6, ':');
    let (arn, service) = (parts.next()?, parts.nth(1)?);
    let (account, resource) = (parts.nth(1)?, parts.next()?);
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    match (arn, service, resource) {
        ("arn", "iam", "root") if is_account => Some("Account"),
        ("arn", "iam", user) if is_account && user.starts_with("user/") => Some("User"),
        ("arn", "iam", role) if is_account && role.starts_with("role/") => Some("Role"),
        ("arn", "organizations", unit) if unit.starts_with("ou/") => Some("OrganizationUnit"),
        _ => None,
    }
}

impl Model {
    /// Offers a service to some and not to others any more. Gives the permissions that are new.
    pub fn modify_service_permissions(
        &mut self,
        cx: &mut Context,
        id: &EndpointServiceId,
        permission: &'static str,
        add: &[String],
        remove: &[String],
    ) -> Result<Vec<AllowedPrincipal>, EndpointServiceError> {
        let mut allowed = self.offered_service_of(id)?.allowed.clone();
        if let Some(wrong) = add.iter().chain(remove).find(|principal| kind_of(principal).is_none()) {
            return Err(EndpointServiceError::Principal(wrong.clone()));
        }
        allowed.retain(|known| known.permission != permission || !remove.contains(&known.principal));
        let mut added = Vec::new();
        for principal in add {
            if !allowed.iter().any(|known| known.permission == permission && known.principal == *principal) {
                let new = AllowedPrincipal { id: cx.ids.next(), principal: principal.clone(), permission };
                allowed.push(new.clone());
                added.push(new);
            }
        }
        self.offered_service_mut(id)?.allowed = allowed;
        self.touch();
        Ok(added)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::everyone("*", Some("All"))]
    #[case::account("arn:aws:iam::123456789012:root", Some("Account"))]
    #[case::user("arn:aws:iam::123456789012:user/a/b", Some("User"))]
    #[case::role("arn:aws:iam::123456789012:role/b", Some("Role"))]
    #[case::service("ec2.amazonaws.com", Some("Service"))]
    #[case::unit("arn:aws:organizations::123456789012:ou/o-1/ou-2", Some("OrganizationUnit"))]
    #[case::short_account("arn:aws:iam::1234:root", None)]
    #[case::bare_account("123456789012", None)]
    fn kinds(#[case] principal: &str, #[case] expected: Option<&str>) {
        assert_eq!(kind_of(principal), expected);
    }
}
