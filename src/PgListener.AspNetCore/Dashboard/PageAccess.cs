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
/// Whether a page is answered at all. In Development it is. Elsewhere the application must have said who may see it, and ASP.NET Core
/// must enforce what it has said; who that lets through is none of this class's business.
/// </summary>
internal sealed class PageAccess
{
    private const string Detail =
        "Outside the environment Development this page is answered only if the application says who may see it. "
        + "Write MapPgListener(...).RequireAuthorization(), or MapPgListener(...).AllowAnonymous() if everybody who can reach it may.";

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
        /// <summary>Nobody has said who may see the page, or nobody enforces what was said.</summary>
        Refuse,

        /// <summary>It was said that everybody may, or routing does not come here unless authorization has run.</summary>
        Answer,

        /// <summary>There is a policy, and nothing guarantees that it was applied: a fallback policy where the middleware is missing, for instance.</summary>
        Authorize,
    }

    /// <summary>Puts the decision in front of an endpoint.</summary>
    public RequestDelegate Guard(IServiceProvider services, RequestDelegate next)
    {
        if (_isDevelopment)
            return next;

        var authorize = next;
        if (_hasAuthorization)
        {
            // The same middleware as in the application's pipeline. Where that one has run already, this one comes to the same result.
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

    /// <summary>Says, once the application has started, that nobody will see the page, and what to write.</summary>
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

        // Routing throws when an endpoint has this and authorization has not run, unless it was told not to.
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
