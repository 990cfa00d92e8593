using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace PgListener.Dashboard;

/// <summary>
/// Decides whether a page is answered at all. In Development it is. Elsewhere the application must have configured who may see it, and ASP.NET Core
/// must enforce that. Whom it admits is not decided here.
/// </summary>
internal sealed class PageAccess
{
    private const string Detail =
        "Outside the environment Development this page is answered only if the application says who may see it. "
        + "Write MapPgListener(...).RequireAuthorization(), or MapPgListener(...).AllowAnonymous() if everyone who can reach it may see it.";

    private readonly ILogger _logger;
    private readonly string _environment;
    private readonly bool _isDevelopment;
    private readonly bool _hasAuthorization;
    private readonly bool _isUncheckedByRouting;

    public PageAccess(IServiceProvider services, ILogger logger)
    {
        _logger = logger;
        var environment = services.GetService<IHostEnvironment>();
        _environment = environment?.EnvironmentName ?? "";
        _isDevelopment = environment?.IsDevelopment() ?? false;
        _hasAuthorization = services.GetService<IServiceProviderIsService>()?.IsService(typeof(IPolicyEvaluator)) ?? false;
        _isUncheckedByRouting = services.GetService<IOptions<RouteOptions>>()?.Value.SuppressCheckForUnhandledSecurityMetadata ?? false;
    }

    private enum Verdict
    {
        /// <summary>It is not configured who may see the page, or that is not enforced.</summary>
        Refuse,

        /// <summary>Everyone may see it, or routing does not get here unless authorization has run.</summary>
        Answer,

        /// <summary>There is a policy, but it may not have been applied, for example a fallback policy without the middleware.</summary>
        Authorize,
    }

    /// <summary>Wraps an endpoint with the decision.</summary>
    public RequestDelegate Guard(IServiceProvider services, RequestDelegate next)
    {
        if (_isDevelopment)
            return next;

        var authorize = next;
        if (_hasAuthorization)
        {
            // The same middleware as in the application's pipeline. If that one has already run, the result is the same.
            var pipeline = new ApplicationBuilder(services);
            pipeline.UseMiddleware<AuthorizationMiddleware>();
            pipeline.Run(next);
            authorize = pipeline.Build();
        }

        return async context =>
        {
            var metadata = context.GetEndpoint()?.Metadata ?? EndpointMetadataCollection.Empty;
            var answer = await JudgeAsync(metadata, context.RequestServices).ConfigureAwait(false) switch
            {
                Verdict.Answer => next,
                Verdict.Authorize => authorize,
                _ => RefuseAsync,
            };
            await answer(context).ConfigureAwait(false);
        };
    }

    /// <summary>Logs, once the application has started, that the page refuses all requests, and what to do.</summary>
    public async Task WarnAsync(RouteEndpoint page, IServiceProvider services)
    {
        if (_isDevelopment)
            return;

        var route = page.RoutePattern.RawText?.TrimEnd('/') ?? "";
        if (await JudgeAsync(page.Metadata, services).ConfigureAwait(false) == Verdict.Refuse)
            _logger.PageRefused(route, _environment);
        else if (!_hasAuthorization && page.Metadata.GetMetadata<IAllowAnonymous>() is null)
            _logger.AuthorizationMissing(route);
    }

    private async ValueTask<Verdict> JudgeAsync(EndpointMetadataCollection metadata, IServiceProvider services)
    {
        if (metadata.GetMetadata<IAllowAnonymous>() is not null)
            return Verdict.Answer;

        // Routing throws if an endpoint has this metadata and authorization has not run, unless that check is disabled.
        var isNamed = metadata.GetMetadata<IAuthorizeData>() is not null;
        if (isNamed && !_isUncheckedByRouting)
            return Verdict.Answer;
        if (!_hasAuthorization)
            return Verdict.Refuse;
        if (isNamed || metadata.GetMetadata<AuthorizationPolicy>() is not null || metadata.GetMetadata<IAuthorizationRequirementData>() is not null)
            return Verdict.Authorize;

        var policies = services.GetService<IAuthorizationPolicyProvider>();
        return policies is not null && await policies.GetFallbackPolicyAsync().ConfigureAwait(false) is not null ? Verdict.Authorize : Verdict.Refuse;
    }

    private static Task RefuseAsync(HttpContext context) => Answers.ProblemAsync(context, StatusCodes.Status403Forbidden, Detail);
}
