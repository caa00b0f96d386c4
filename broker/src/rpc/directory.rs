//! The directory over gRPC.

use std::sync::Arc;

use proto::directory::v1 as wire;
use proto::directory::v1::directory_service_server::DirectoryService;
use tonic::{Request, Response, Status};

use crate::admin::Administering;
use crate::directory::{Area, Desk};
use crate::rpc::{peer, status};

/// The directory service.
pub struct DirectoryRpc {
    /// Changes.
    pub administering: Arc<Administering>,
}

#[tonic::async_trait]
impl DirectoryService for DirectoryRpc {
    async fn get_directory(
        &self,
        request: Request<wire::GetDirectoryRequest>,
    ) -> Result<Response<wire::GetDirectoryResponse>, Status> {
        peer(&request)?;
        let rules = self.administering.rules.load();
        let agencies = rules.directory.agencies().map(|agency| wire::Agency {
            id: agency.id.to_string(),
            name: agency.name.clone(),
            kind: agency.kind.name().to_owned(),
            suspended: agency.suspended,
            dpo_contact: agency.dpo_contact.clone(),
        });
        Ok(Response::new(wire::GetDirectoryResponse {
            agencies: agencies.collect(),
            desks: rules.directory.desks().map(|(_, desk)| desk_message(desk)).collect(),
            areas: rules.directory.areas().map(area_message).collect(),
            epoch: rules.epochs.directory,
        }))
    }

    async fn state_link(
        &self,
        request: Request<wire::StateLinkRequest>,
    ) -> Result<Response<wire::StateLinkResponse>, Status> {
        let peer = peer(&request)?;
        let stated = request.into_inner();
        let (one, other) = (stated.one.unwrap_or_default(), stated.other.unwrap_or_default());
        self.administering
            .state_link(&peer, one, other, &stated.birth_date, stated.withdrawn)
            .await
            .map_err(status::admin)?;
        Ok(Response::new(wire::StateLinkResponse {}))
    }

    async fn declare_interest(
        &self,
        request: Request<wire::DeclareInterestRequest>,
    ) -> Result<Response<wire::DeclareInterestResponse>, Status> {
        let peer = peer(&request)?;
        let declared = request.into_inner();
        let purpose = declared.purpose();
        let identifier = declared.identifier.unwrap_or_default();
        let id = self
            .administering
            .declare_interest(
                &peer,
                identifier,
                &declared.desk,
                purpose,
                declared.expires_at.as_ref(),
            )
            .await
            .map_err(status::admin)?;
        Ok(Response::new(wire::DeclareInterestResponse { interest_id: id.to_string() }))
    }

    async fn approve_interest(
        &self,
        request: Request<wire::ApproveInterestRequest>,
    ) -> Result<Response<wire::ApproveInterestResponse>, Status> {
        let peer = peer(&request)?;
        let id = &request.get_ref().interest_id;
        self.administering.approve_interest(&peer, id).await.map_err(status::admin)?;
        Ok(Response::new(wire::ApproveInterestResponse {}))
    }
}

fn desk_message(desk: &Desk) -> wire::Desk {
    wire::Desk {
        id: desk.id.to_string(),
        agency: desk.agency.to_string(),
        name: desk.name.clone(),
        function: desk.function.name().to_owned(),
        regime: desk.regime.name().to_owned(),
        areas: desk.areas.iter().map(ToString::to_string).collect(),
        kinds: desk.kinds.iter().map(|kind| kind.name().to_owned()).collect(),
        attributes: desk.attributes.iter().cloned().collect(),
        duty_route: desk.duty_route.clone(),
    }
}

fn area_message(area: &Area) -> wire::DirectoryArea {
    wire::DirectoryArea {
        code: area.code.to_string(),
        name: area.name.clone(),
        within: area.within.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}
