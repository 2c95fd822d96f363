/** A configuration of nginx as a plain proxy: one process, kept-alive connections, nothing buffered, no log. */
export function nginxConfig({ port, upstreamPort }: { port: number; upstreamPort: number }): string {
  return `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 16384; }
http {
  access_log off;
  client_body_temp_path nginx-body;
  proxy_temp_path nginx-proxy;
  fastcgi_temp_path nginx-fastcgi;
  uwsgi_temp_path nginx-uwsgi;
  scgi_temp_path nginx-scgi;
  keepalive_requests 1000000000;
  upstream bench {
    server 127.0.0.1:${upstreamPort};
    keepalive 256;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    client_body_buffer_size 1m;
    client_max_body_size 32m;
    location / {
      proxy_pass http://bench;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_connect_timeout 5s;
      proxy_read_timeout 300s;
    }
  }
}
`
}
