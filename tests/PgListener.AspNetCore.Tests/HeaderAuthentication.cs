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
    private const string Header = "X-User";

    /// <summary>Adds authorization, and this authentication.</summary>
    public static void Add(IServiceCollection services)
    {
        services.AddAuthorization();
        services.AddAuthentication("Test").AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("Test", configureOptions: null);
    }

    public static void SignIn(HttpClient client) => client.DefaultRequestHeaders.Add(Header, "operator");

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        => Task.FromResult(Request.Headers.ContainsKey(Header)
            ? AuthenticateResult.Success(new(new(new ClaimsIdentity("Test")), "Test"))
            : AuthenticateResult.NoResult());
}
