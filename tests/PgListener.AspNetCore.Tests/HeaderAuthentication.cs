using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace PgListener.AspNetCore.Tests;

/// <summary>Takes a header's word for who asks.</summary>
internal sealed class HeaderAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Header = "X-User";

    /// <summary>Adds authorization, and this authentication.</summary>
    public static void Add(IServiceCollection services)
    {
        services.AddAuthorization();
        services.AddAuthentication("Test").AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("Test", configureOptions: null);
    }

    public static void SignIn(HttpClient client, string user = "operator") => client.DefaultRequestHeaders.Add(Header, user);

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        => Task.FromResult(Request.Headers[Header].ToString() is { Length: > 0 } user
            ? AuthenticateResult.Success(new(new(new ClaimsIdentity([new(ClaimTypes.Name, user)], "Test")), "Test"))
            : AuthenticateResult.NoResult());
}
