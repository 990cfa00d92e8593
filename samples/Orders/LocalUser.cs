using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Orders;

/// <summary>Signs in everyone who uses this machine, as the user who has started the sample; and nobody else. A real application has a sign-in.</summary>
/// <remarks><c>AllowedHosts</c> in <c>appsettings.json</c> keeps out web pages whose names are made to point to this machine.</remarks>
internal sealed class LocalUser(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Name = "local";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.HttpContext.Connection.RemoteIpAddress is not { } address || !IPAddress.IsLoopback(address))
            return Task.FromResult(AuthenticateResult.NoResult());

        var user = new ClaimsPrincipal(new ClaimsIdentity([new(ClaimTypes.Name, Environment.UserName)], Name));
        return Task.FromResult(AuthenticateResult.Success(new(user, Name)));
    }
}
